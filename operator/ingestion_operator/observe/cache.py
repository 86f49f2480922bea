"""What the watches and our own writes have shown last of the objects of all runs: of each, what is read of it.

As plain data, an object of the API server takes 20 to 40 KB in Python, of which next to nothing is ever read; and there
may be tens of thousands of objects.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar

from ingestion_operator.kube import Listing
from ingestion_operator.observe.jobs import Job, own_job
from ingestion_operator.observe.packed import PackedRun
from ingestion_operator.observe.pods import Pod, gone_pod_of_step, pod_of_step

Raw = Mapping[str, Any]
View = TypeVar("View")


class _Known(NamedTuple, Generic[View]):
    version: int
    view: View


class ObjectSet(Generic[View]):
    """Views of objects by uid, of which the newest version is kept."""

    __slots__ = ("_objects", "_view")

    def __init__(self, view: Callable[[Raw], View]) -> None:
        self._view = view
        self._objects: dict[str, _Known[View]] = {}

    def put(self, raw: Raw) -> bool:
        """Keep the view of an object unless a newer version is known; return whether it was kept.

        A watch may be behind what our own writes have returned; resource versions are numbers that grow.
        """
        uid, version = raw["metadata"]["uid"], _version(raw)
        known = self._objects.get(uid)
        if known is not None and version <= known.version:
            return False
        self._objects[uid] = _Known(version, self._view(raw))
        return True

    def update(self, raw: Raw) -> None:
        """Keep what a write to an object has returned, unless a watch has shown meanwhile that the object is gone."""
        if raw["metadata"]["uid"] in self._objects:
            self.put(raw)

    def drop(self, uid: str) -> None:
        """Forget an object."""
        self._objects.pop(uid, None)

    def missing(self, listing: Listing) -> list[str]:
        """Return the uids of the objects that a listing is too new not to have."""
        there = {raw["metadata"]["uid"] for raw in listing.items}
        return [uid for uid, known in self._objects.items() if uid not in there and known.version <= listing.version]

    def get(self, uid: str) -> View | None:
        """Return the view of an object, if it is known."""
        known = self._objects.get(uid)
        return known.view if known is not None else None

    def all(self) -> tuple[View, ...]:
        """Return the views of all objects; safe to be called from any thread."""
        return tuple(known.view for known in tuple(self._objects.values()))


_ByRun = dict[str, ObjectSet[View]]


class Cache:
    """Runs by uid; Jobs and pods by the uid of their run; and pods that have just gone."""

    def __init__(self) -> None:
        self.runs = ObjectSet(PackedRun)
        self._jobs: _ByRun[Job | None] = defaultdict(partial(ObjectSet, own_job))
        self._pods: _ByRun[Pod | None] = defaultdict(partial(ObjectSet, pod_of_step))
        self._gone: _ByRun[Pod | None] = defaultdict(partial(ObjectSet, gone_pod_of_step))

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

    def jobs_of(self, run_uid: str) -> tuple[Job, ...]:
        """Return the run's own Jobs that are not on their way out."""
        return self._all(self._jobs, run_uid)

    def pods_of(self, run_uid: str) -> tuple[Pod, ...]:
        """Return the pods of a run."""
        return self._all(self._pods, run_uid)

    def gone_pods_of(self, run_uid: str) -> tuple[Pod, ...]:
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

    def _replace(self, sets: _ByRun[View], run_uid: str, listing: Listing) -> None:
        objects = sets.get(run_uid)
        for uid in objects.missing(listing) if objects is not None else ():
            self._drop(sets, run_uid, uid)
        for raw in listing.items:
            sets[run_uid].put(raw)

    @staticmethod
    def _update(sets: _ByRun[View], run_uid: str, raw: Raw) -> None:
        objects = sets.get(run_uid)
        if objects is not None:
            objects.update(raw)

    @staticmethod
    def _drop(sets: _ByRun[View], run_uid: str, uid: str) -> None:
        objects = sets.get(run_uid)
        if objects is None:
            return
        objects.drop(uid)
        if not objects.all():
            del sets[run_uid]

    @staticmethod
    def _all(sets: _ByRun[View | None], run_uid: str) -> tuple[View, ...]:
        objects = sets.get(run_uid)
        return tuple(view for view in objects.all() if view is not None) if objects is not None else ()


def _version(raw: Raw) -> int:
    return int(raw["metadata"]["resourceVersion"])
