"""What this process holds of a device, measured around what it does there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ingestion_contract.metrics import Stage
from ingestion_worker.device.peak import Peak


class OwnMemory:
    """Keeps account of this process's memory, in bytes.

    Where the driver names this process, that is what counts, and here only the highest mark within batches is kept.
    Else, as in containers, whose process ids mean nothing to the driver, this process's memory is what the device
    gained while it loaded a model, or ran a batch larger than all before: only then does it grow by its own doing. What
    neighbours take or return at the same moment is mistaken for its own, which is why workers that share a device
    measure one after the other; see `memory.calibration`.

    Args:
        used: what all processes hold.
        own: what the driver says that this process holds, None where it does not say.
    """

    def __init__(self, used: Callable[[], int], own: Callable[[], int | None]) -> None:
        self._used = used
        self._own = own
        self._gained = 0
        self._highest = 0
        self._largest: dict[Stage, int] = {}

    @property
    def exact(self) -> bool:
        """Whether the driver names this process."""
        return self._own() is not None

    @property
    def now(self) -> int:
        """What this process holds."""
        own = self._own()
        return self._gained if own is None else own

    @property
    def highest(self) -> int:
        """The most that it has held since it last unloaded a model."""
        return max(self._highest, self.now)

    @contextmanager
    def loading(self) -> Iterator[None]:
        """Count what the block gains."""
        before = self._used()
        try:
            yield
        finally:
            self._gained += max(0, self._used() - before)

    @contextmanager
    def trimming(self, stage: Stage) -> Iterator[None]:
        """Count what the block frees; batches of the stage take it again, and are looked at again."""
        before = self._used()
        yield
        self._gained = max(0, self._gained - max(0, before - self._used()))
        self._largest.pop(stage, None)

    @contextmanager
    def unloading(self, stage: Stage) -> Iterator[None]:
        """Count what the block frees, and begin anew with the highest mark."""
        with self.trimming(stage):
            yield
        self._highest = 0

    @contextmanager
    def running(self, stage: Stage, size: int, *, watch: bool = False) -> Iterator[None]:
        """Look at the highest mark of a batch that is larger than all before, and count what it leaves behind.

        Args:
            watch: look in any case.
        """
        largest = self._largest.get(stage, 0)
        if size <= largest and not watch:
            yield
            return
        exact, used_before, own_before = self.exact, self._used(), self.now
        try:
            with Peak((lambda: self.now) if exact else self._used) as peak:
                yield
        finally:
            self._gained += max(0, self._used() - used_before)
        self._highest = max(self._highest, peak.highest if exact else own_before + peak.highest - used_before)
        self._largest[stage] = max(size, largest)
