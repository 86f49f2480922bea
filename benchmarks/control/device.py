"""The memory of a simulated GPU: who holds how much, and what does not fit. The demo's ledger, without its files."""

from __future__ import annotations

from benchmarks.control import scenario
from benchmarks.control.holding import Holding
from ingestion_contract.metrics import OomKind, Stage
from ingestion_worker.device.errors import OutOfDeviceMemory
from ingestion_worker.device.interface import DeviceMemory


class Gpu:
    """A GPU at work.

    Attributes:
        uuid: its name.
        others: bytes that neighbours hold now.
        failures: moments at which an allocation failed.
        busy: the share of the time in which it works now.
    """

    def __init__(self, uuid: str, spec: scenario.Device) -> None:
        self.uuid = uuid
        self.spec = spec
        self.others = 0
        self.failures: list[float] = []
        self.busy = 0.0
        self.measuring: Holding | None = None
        self._holdings: list[Holding] = []

    def join(self) -> Holding:
        """Let a process in."""
        holding = Holding()
        self._holdings.append(holding)
        return holding

    def leave(self, holding: Holding) -> None:
        """Free what a process held, as the driver does when it ends."""
        if self.measuring is holding:
            self.measuring = None
        self._holdings = [held for held in self._holdings if held is not holding]

    @property
    def used(self) -> int:
        """Bytes in use, by all."""
        used = self.others
        for holding in self._holdings:
            used += holding.total
        return used

    def require(self, stage: Stage, kind: OomKind, size: int, now: float) -> None:
        """Check that so many bytes more fit.

        Raises:
            OutOfDeviceMemory: they do not.
        """
        if self.used + size > self.spec.usable:
            self.failures.append(now)
            raise OutOfDeviceMemory(stage, kind, size)

    def charge_batch(self, holding: Holding, stage: Stage, size: int, now: float) -> None:
        """Let a batch take what it needs above the high-water mark.

        Raises:
            OutOfDeviceMemory: it does not fit.
        """
        more = size - holding.batch(stage)
        if more > 0:
            self.require(stage, OomKind.BATCH, more, now)
            holding.raise_batch(stage, size)

    def settle_neighbours(self, now: float) -> None:
        """Let neighbours have what they want, as far as it is free, and take back what they do not want any more."""
        wanted = self.spec.wanted_by_others(now)
        free = self.spec.usable - self.used
        self.others = min(wanted, self.others + max(0, free))

    def memory(self, holding: Holding) -> DeviceMemory:
        """Return the memory as a process sees it."""
        own = holding.total
        return DeviceMemory(total=self.spec.card.memory, used=self.used, own=own, highest=own)
