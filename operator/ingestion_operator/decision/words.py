"""How evidence is written for people."""

from __future__ import annotations

from ingestion_operator.decision.situation import Gpu, Situation

_GIB = 2**30
_UUID_SHOWN = 12
_GPUS_SHOWN = 4


def gib(size: int) -> str:
    """Return a size in GiB with one decimal."""
    return f"{size / _GIB:.1f} GiB"


def device(gpu: Gpu) -> str:
    """Return a device's name, short enough to read."""
    return gpu.uuid[:_UUID_SHOWN]


def devices(situation: Situation) -> str:
    """Return the names of the devices, of the first ones if there are many, or say that none is known."""
    names = [device(gpu) for gpu in situation.gpus]
    return shortened(names) if names else "a device that nobody has reported"


def shortened(names: list[str]) -> str:
    """Return the first names, and how many more there are."""
    more = f" and {len(names) - _GPUS_SHOWN} more" if len(names) > _GPUS_SHOWN else ""
    return ", ".join(names[:_GPUS_SHOWN]) + more


def short_of_memory(situation: Situation) -> str:
    """Return who is short of memory, as in `2 of 4 workers on GPU-1a2b wait for memory`."""
    parts = []
    if situation.waiting:
        verb = "waits" if situation.waiting == 1 else "wait"
        parts.append(
            f"{situation.waiting} of {len(situation.staying)} workers on {devices(situation)} {verb} for memory"
        )
    if situation.exhausted:
        times = "once" if len(situation.exhausted) == 1 else f"{len(situation.exhausted)} times"
        parts.append(f"a worker ended {times} because waiting for memory did not help (exit code 85)")
    return "; ".join(parts)


def what_fits(situation: Situation, floor: int) -> str:
    """Return the measured floor and how many of it fit."""
    fits = "; ".join(_fit(gpu, floor, situation.memory.target_percent) for gpu in situation.gpus[:_GPUS_SHOWN])
    return f"floor {gib(floor)} each; {fits}"


def _fit(gpu: Gpu, floor: int, target_percent: int) -> str:
    count = gpu.fit(floor, target_percent)
    beside = f" beside {gib(gpu.neighbours)} of other processes" if gpu.neighbours >= _GIB else ""
    return f"{count} {'fits' if count == 1 else 'fit'} under {target_percent} % of {gib(gpu.total)}{beside}"
