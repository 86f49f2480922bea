"""Many runs, each with a fault drawn by chance; several at once where the fault is not everywhere."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import boto3  # type: ignore[import-untyped]
from moto.server import ThreadedMotoServer

from benchmarks.faults.audit import Output
from benchmarks.faults.fault import Fault
from benchmarks.faults.kinds import KINDS
from benchmarks.faults.plan import Plan
from benchmarks.faults.play import Found, play
from benchmarks.faults.scene import Scene
from benchmarks.faults.slot import AWS, BUCKET, IMAGE, Slot, write_image
from dev.cluster import Cluster, NodeOptions
from dev.installation import provide_identity
from ingestion_operator.kube import Kube

PODS_OF_A_RUN = 8
SHARDS, VIDEOS = (3, 4, 5), (2, 3, 4)
SHORT_OF_MEMORY = 0.3
"""In so many of the runs of which their fault asks nothing, only two workers fit on the device."""

Say = Callable[[str], None]
Keep = Callable[[Sequence[Found]], None]


@dataclass(frozen=True)
class Planned:
    """A run that is to be."""

    number: int
    fault: Fault
    workload: Plan


def deal(kinds: Sequence[type[Fault]], runs: int, seed: int) -> list[Planned]:
    """Return so many runs: every kind as often as any other, give or take one; the same for the same seed."""
    random = Random(seed)
    names: list[type[Fault]] = []
    while len(names) < runs:
        names += random.sample(kinds, len(kinds))
    return [_planned(number, kind, Random(f"{seed}:{number}")) for number, kind in enumerate(names[:runs], start=1)]


def _planned(number: int, kind: type[Fault], random: Random) -> Planned:
    fault = kind.draw(random)
    room = 2 if random.random() < SHORT_OF_MEMORY and not kind.stored else Plan.room
    workload = Plan(shards=random.choice(SHARDS), videos=random.choice(VIDEOS), room=room)
    return Planned(number, fault, fault.plan(workload))


class Campaign:
    """Plays runs on a cluster of its own; after each, `keep` is given what was found so far."""

    def __init__(self, planned: Sequence[Planned], slots: int, folder: Path, say: Say, keep: Keep) -> None:
        self._planned = planned
        self._slots = slots
        self._folder = folder
        self._say = say
        self._keep = keep
        self._undisturbed: dict[int, Output] = {}
        self._found: list[Found] = []

    def play(self) -> list[Found]:
        """Play all runs, and return what was found, in the order of their numbers.

        Raises:
            ChildDied: a part of the cluster ended by itself.
        """
        pods = self._slots * PODS_OF_A_RUN + 4
        options = NodeOptions(cpus=pods, gpus=pods, pods=2 * pods, images={IMAGE: write_image()})
        with ExitStack() as stack:
            storage = None
            if any(each.fault.stored for each in self._planned):
                storage = stack.enter_context(_object_storage())
            cluster = stack.enter_context(Cluster(self._folder / "cluster", options, self._say))
            provide_identity(cluster)
            slots = [
                stack.enter_context(Slot(cluster, f"slot-{number}", self._folder, storage))
                for number in range(1, self._slots + 1)
            ]
            asyncio.run(self._play(slots))
        return self._so_far()

    def _so_far(self) -> list[Found]:
        return sorted(self._found, key=lambda each: each.number)

    async def _play(self, slots: Sequence[Slot]) -> None:
        async with await Kube.connect(slots[0].cluster.kubeconfig) as kube:
            await self._play_undisturbed(slots[0], kube)
            waiting = [each for each in self._planned if not each.fault.everywhere]
            await asyncio.gather(*(self._serve(slot, kube, waiting) for slot in slots))
            for planned in self._planned:
                if planned.fault.everywhere:
                    await self._one(slots[0], kube, planned)

    async def _play_undisturbed(self, slot: Slot, kube: Kube) -> None:
        """Make what all runs are compared with: one run for each number of sections, with as many videos as any has."""
        for sections in sorted({each.workload.sections for each in self._planned}):
            alike = [each.workload for each in self._planned if each.workload.sections == sections]
            most = max(each.total for each in alike)
            workload = Plan(shards=1, videos=most, seconds=0.05, sections=sections)
            scene = Scene(slot, kube, f"undisturbed-{sections}", workload, stored=False)
            found, output = await play(0, scene, None, None)
            if found.problems:
                raise RuntimeError(f"a run to which nothing happened: {'; '.join(found.problems)}")
            self._undisturbed[sections] = output
            self._say(f"undisturbed, {most} videos of {sections or 'no'} sections: {found.seconds:.0f} s")

    async def _serve(self, slot: Slot, kube: Kube, waiting: list[Planned]) -> None:
        while waiting:
            await self._one(slot, kube, waiting.pop(0))

    async def _one(self, slot: Slot, kube: Kube, planned: Planned) -> None:
        fault = planned.fault
        scene = Scene(slot, kube, f"run-{planned.number:03}", planned.workload, fault.stored)
        started = time.monotonic()
        found, _ = await play(planned.number, scene, fault, self._undisturbed[planned.workload.sections])
        self._found.append(found)
        self._keep(self._so_far())
        recovery = f", recovered in {found.recovery_seconds:.1f} s" if found.recovery_seconds is not None else ""
        verdict = "all accounted for" if not found.problems else f"WRONG: {'; '.join(found.problems)}"
        took = time.monotonic() - started
        self._say(
            f"{len(self._found):4}/{len(self._planned)}  run {planned.number:3} {fault.name} ({took:.0f} s{recovery}): "
            f"{verdict}"
        )


def possible(say: Say) -> list[type[Fault]]:
    """Return the kinds of faults that this machine can have, and say which it cannot, and why."""
    found = []
    for kind in KINDS:
        missing = kind.missing()
        if missing is None:
            found.append(kind)
        else:
            say(f"without {kind.name}: {missing}")
    return found


@contextmanager
def _object_storage() -> Iterator[str]:
    """Run an S3 server with the bucket, to which fsspec in this process finds."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        url = f"http://{host}:{port}"
        os.environ |= {**AWS, "AWS_ENDPOINT_URL": url}
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        yield url
    finally:
        server.stop()
