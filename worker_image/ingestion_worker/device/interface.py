"""What the worker knows of a device."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

from ingestion_contract.metrics import Stage

ComputeDevice = Literal["cuda", "cpu"]


@dataclass(frozen=True)
class DeviceMemory:
    """Memory of a device, in bytes.

    Attributes:
        used: by all processes.
        own: by this one.
        highest: the most that this process has held since it last unloaded a model, within batches too: allocators
            may give back what a batch took before anybody looks.
        exact: whether `own` is what the driver says of this process, rather than what the device gained meanwhile.
    """

    total: int
    used: int
    own: int
    highest: int = 0
    exact: bool = True


class Device(Protocol):
    """A device, and brackets around what is done on it.

    On a real device the brackets only measure: the libraries inside raise when memory runs out. The simulated device
    charges its ledger in them, and raises what the library of that stage would.
    """

    uuid: str
    name: str
    simulated: bool
    compute: ComputeDevice

    def memory(self) -> DeviceMemory | None:
        """Return the device's memory now, or None where there is no device."""

    def utilisation(self) -> float | None:
        """Return the share of the last seconds in which the device was busy, 0 to 1, or None if unknown."""

    def load(self, stage: Stage, *, smaller: bool = False) -> AbstractContextManager[None]:
        """Bracket the loading of a stage's model; `smaller` in a smaller compute type than the run's."""

    def unload(self, stage: Stage) -> AbstractContextManager[None]:
        """Bracket the release of a stage's model, or of what a load of it that failed has left."""

    def trim(self, stage: Stage) -> AbstractContextManager[None]:
        """Bracket the release of what a stage's library keeps of earlier batches, while the model stays."""

    def run(self, stage: Stage, size: int, *, watch: bool = False) -> AbstractContextManager[None]:
        """Bracket one batch: of so many windows, or of texts with so many tokens, padding included.

        What it takes is measured if it is larger than all before, or if it is to be watched in any case.
        """
