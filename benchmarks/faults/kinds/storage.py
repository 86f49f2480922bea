"""The output cannot be written: object storage fails or is slow, and disks are full."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress
from dataclasses import dataclass, replace
from random import Random
from typing import Self

from benchmarks.faults.fault import Fault
from benchmarks.faults.proxy import ALL, FAIR, WRITES, Weather
from benchmarks.faults.scene import Scene

_DISK = "16m"
_BALLAST = "ballast"
_BLOCK = bytes(2**16)


@dataclass(frozen=True)
class BadStorage(Fault):
    """Requests to object storage go wrong for some seconds."""

    stored = True
    weather: Weather = FAIR

    async def inject(self, scene: Scene) -> None:
        """Let them go wrong."""
        assert scene.slot.storage is not None
        scene.slot.storage.change(self.weather)

    async def undo(self, scene: Scene) -> None:
        """Let them fare well again."""
        assert scene.slot.storage is not None
        scene.slot.storage.change(FAIR)


class StorageFails(BadStorage):
    """It answers with errors, some or all of the time."""

    name = "storage-fails"
    told = "object storage answers 500, 503 Slow Down or 403, and later is right again"

    @classmethod
    def draw(cls, random: Random) -> Self:
        """Return one by chance."""
        weather = Weather(
            statuses=random.choice(((500,), (503,), (403,), (500, 503))),
            share=random.choice((0.3, 0.7, 1.0)),
            methods=random.choice((ALL, WRITES)),
        )
        return replace(super().draw(random), weather=weather)


class StorageSlow(BadStorage):
    """It takes its time."""

    name = "storage-slow"
    told = "every request to object storage takes up to two seconds longer"

    @classmethod
    def draw(cls, random: Random) -> Self:
        """Return one by chance."""
        return replace(super().draw(random), weather=Weather(delay_seconds=round(random.uniform(0.2, 2), 1)))


class StorageForgets(BadStorage):
    """What is written is there, but the worker does not know."""

    name = "storage-answers-lost"
    told = "writes to object storage are done, but the answers are lost"

    @classmethod
    def draw(cls, random: Random) -> Self:
        """Return one by chance."""
        weather = Weather(loses_answers=True, methods=WRITES, share=random.choice((0.3, 0.7)))
        return replace(super().draw(random), weather=weather)


class DiskFull(Fault):
    """There is no space left on the device."""

    name = "disk-full"
    told = "the output's disk is full (ENOSPC, in the middle of a file), and later has room again"

    @classmethod
    def missing(cls) -> str | None:
        """Return what this machine lacks for it, None if nothing."""
        return None if os.geteuid() == 0 else "to mount a small disk takes root"

    def prepare(self, scene: Scene) -> None:
        """Let the output be a small disk of its own."""
        scene.folder.mkdir(parents=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_DISK}", "faults", str(scene.folder)], check=True)

    async def inject(self, scene: Scene) -> None:
        """Fill it."""
        with suppress(OSError), (scene.folder / _BALLAST).open("wb", buffering=0) as ballast:
            while ballast.write(_BLOCK) == len(_BLOCK):
                continue

    async def undo(self, scene: Scene) -> None:
        """Make room."""
        (scene.folder / _BALLAST).unlink(missing_ok=True)

    def clear_up(self, scene: Scene) -> None:
        """Take the disk away."""
        subprocess.run(["umount", "--lazy", str(scene.folder)], check=True)


KINDS: tuple[type[Fault], ...] = (StorageFails, StorageSlow, StorageForgets, DiskFull)
