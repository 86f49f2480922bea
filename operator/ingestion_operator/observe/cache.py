"""The objects of all runs as the watches and our own writes have shown them last."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from ingestion_operator.kube import Listing

Raw = Mapping[str, Any]


class ObjectSet:
    """Objects by uid, of which the newest version is kept."""

    def __init__(self) -> None:
        self._objects: dict[str, Raw] = {}

    def put(self, raw: Raw) -> bool:
        """Keep an object unless a newer version is known; return whether it was kept.

        A watch may be behind what our own writes have returned; resource versions are numbers that grow.
        """
        uid = raw["metadata"]["uid"]
        known = self._objects.get(uid)
        if known is not None and _version(raw) <= _version(known):
            return False
        self._objects[uid] = raw
        return True

    def update(self, raw: Raw) -> None:
        """Keep what a write to an object has returned, unless a watch has shown meanwhile that the object is gone."""
        if raw["metadata"]["uid"] in self._objects:
            self.put(raw)

    def drop(self, uid: str) -> None:
        """Forget an object."""
        self._objects.pop(uid, None)

    def get(self, uid: str) -> Raw | None:
        """Return an object, if it is known."""
        return self._objects.get(uid)

    def all(self) -> tuple[Raw, ...]:
        """Return all objects."""
        return tuple(self._objects.values())


class Cache:
    """Runs by uid; Jobs and pods by the uid of their run; and pods that have just gone."""

    def __init__(self) -> None:
        self.runs = ObjectSet()
        self._jobs: dict[str, ObjectSet] = defaultdict(ObjectSet)
        self._pods: dict[str, ObjectSet] = defaultdict(ObjectSet)
        self._gone: dict[str, ObjectSet] = defaultdict(ObjectSet)

    def put_job(self, run_uid: str, raw: Raw) -> bool:
        """Keep a Job unless a newer version is known."""
        return self._jobs[run_uid].put(raw)

    def put_pod(self, run_uid: str, raw: Raw) -> bool:
        """Keep a pod unless a newer version is known."""
        return self._pods[run_uid].put(raw)

    def update_job(self, run_uid: str, raw: Raw) -> None:
        """Keep what a write to a Job has returned, unless the Job is gone."""
        self._update(self._jobs, run_uid, raw)

    def update_pod(self, run_uid: str, raw: Raw) -> None:
        """Keep what a write to a pod has returned, unless the pod is gone."""
        self._update(self._pods, run_uid, raw)

    def replace_jobs(self, run_uid: str, listing: Listing) -> None:
        """Keep the Jobs of a listing, and forget those that are not in it: a watch that was cut off tells nothing."""
        self._replace(self._jobs, run_uid, listing)

    def replace_pods(self, run_uid: str, listing: Listing) -> None:
        """Keep the pods of a listing, and forget those that are not in it."""
        self._replace(self._pods, run_uid, listing)

    def drop_job(self, run_uid: str, uid: str) -> None:
        """Forget a Job."""
        self._drop(self._jobs, run_uid, uid)

    def drop_pod(self, run_uid: str, raw: Raw) -> None:
        """Move a pod to those that have gone; it is forgotten if its run is."""
        self._drop(self._pods, run_uid, raw["metadata"]["uid"])
        if self.runs.get(run_uid) is not None:
            self._gone[run_uid].put(raw)

    def jobs_of(self, run_uid: str) -> tuple[Raw, ...]:
        """Return the Jobs of a run."""
        return self._all(self._jobs, run_uid)

    def pods_of(self, run_uid: str) -> tuple[Raw, ...]:
        """Return the pods of a run."""
        return self._all(self._pods, run_uid)

    def gone_pods_of(self, run_uid: str) -> tuple[Raw, ...]:
        """Return the last versions of pods that have gone, until somebody has read them."""
        return self._all(self._gone, run_uid)

    def forget_gone(self, run_uid: str, uids: Iterable[str]) -> None:
        """Forget pods that have gone and have been read."""
        for uid in uids:
            self._drop(self._gone, run_uid, uid)

    def forget(self, run_uid: str) -> None:
        """Forget a run and all that it had."""
        self.runs.drop(run_uid)
        for objects in (self._jobs, self._pods, self._gone):
            objects.pop(run_uid, None)

    def _replace(self, sets: dict[str, ObjectSet], run_uid: str, listing: Listing) -> None:
        there = {raw["metadata"]["uid"] for raw in listing.items}
        for raw in self._all(sets, run_uid):
            uid = raw["metadata"]["uid"]
            if uid not in there and _version(raw) <= listing.version:
                self._drop(sets, run_uid, uid)
        for raw in listing.items:
            sets[run_uid].put(raw)

    @staticmethod
    def _update(sets: Mapping[str, ObjectSet], run_uid: str, raw: Raw) -> None:
        objects = sets.get(run_uid)
        if objects is not None:
            objects.update(raw)

    @staticmethod
    def _drop(sets: dict[str, ObjectSet], run_uid: str, uid: str) -> None:
        objects = sets.get(run_uid)
        if objects is None:
            return
        objects.drop(uid)
        if not objects.all():
            del sets[run_uid]

    @staticmethod
    def _all(sets: Mapping[str, ObjectSet], run_uid: str) -> tuple[Raw, ...]:
        objects = sets.get(run_uid)
        return objects.all() if objects is not None else ()


def _version(raw: Raw) -> int:
    return int(raw["metadata"]["resourceVersion"])
