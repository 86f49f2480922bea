"""What others than a run's workers hold of its devices."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

from ingestion_operator.observe.worker_sample import WorkerSample

READINGS = 3
"""Workers are read one after the other while their memory moves: what others hold must show so many times in a row."""
MAX_DEVICES = 1000
"""Of which it is remembered."""


class Neighbours:
    """The least that others held in the last readings in which every worker was heard, by device, in bytes.

    Of a device whose workers are between two shards, what was known before is still the best guess.
    """

    def __init__(self) -> None:
        self._readings: deque[Mapping[str, int]] = deque(maxlen=READINGS)
        self._known: dict[str, int] = {}

    def add(self, holders: Iterable[str], answers: Mapping[str, WorkerSample]) -> None:
        """Take a reading, unless one of the pods (by uid) that may hold memory is not in the answers."""
        reading = _reading([answers.get(uid) for uid in holders])
        if reading is not None:
            self._readings.append(reading)
            self._remember()

    def least(self) -> dict[str, int]:
        """Return what is known; a device that is not there is not known well enough."""
        return dict(self._known)

    def _remember(self) -> None:
        if len(self._readings) < READINGS:
            return
        everywhere = set.intersection(*(set(reading) for reading in self._readings))
        self._known |= {uuid: min(reading[uuid] for reading in self._readings) for uuid in everywhere}
        for uuid in list(self._known)[:-MAX_DEVICES]:
            del self._known[uuid]


def _reading(samples: list[WorkerSample | None]) -> dict[str, int] | None:
    """Return what is used on each device beyond what the workers hold themselves; None if one has not said enough."""
    own: dict[str, int] = {}
    used: dict[str, int] = {}
    for sample in samples:
        if sample is None or sample.gpu_uuid is None or sample.own is None or sample.device_used is None:
            return None
        own[sample.gpu_uuid] = own.get(sample.gpu_uuid, 0) + sample.own
        used[sample.gpu_uuid] = min(used.get(sample.gpu_uuid, sample.device_used), sample.device_used)
    return {uuid: max(0, used[uuid] - own[uuid]) for uuid in used}
