"""What one process holds of a simulated GPU."""

from __future__ import annotations

from collections.abc import Collection

from ingestion_contract.metrics import Stage
from ingestion_worker.device.simulated import physics as simulated


class Holding:
    """Bytes by what they are held for; batches keep their high-water mark, as both real allocators do.

    Attributes:
        total: all of it.
    """

    def __init__(self) -> None:
        self.total = 0
        self._context = 0
        self._models: dict[Stage, int] = {}
        self._batches: dict[Stage, int] = {}
        self._spike = 0
        self._leaked = 0
        self._residue = 0

    @property
    def models(self) -> Collection[Stage]:
        """Whose models are loaded, or being loaded."""
        return self._models.keys()

    def batch(self, stage: Stage) -> int:
        """Return the high-water mark of a stage's batches."""
        return self._batches.get(stage, 0)

    def needed_to_load(self, stage: Stage, size: int) -> int:
        """Return the bytes that loading a model takes beside what is held."""
        context = 0 if self._context else simulated.CONTEXT_BYTES
        kept = self._residue if stage is Stage.ASR else 0
        return context + size + simulated.LOAD_SPIKE_BYTES - kept

    def load(self, stage: Stage, size: int) -> None:
        """Begin to load a model."""
        self._context = simulated.CONTEXT_BYTES
        self._models[stage] = size
        self._spike = simulated.LOAD_SPIKE_BYTES
        self._residue = 0 if stage is Stage.ASR else self._residue
        self._add_up()

    def loaded(self) -> None:
        """End the loading of a model."""
        self._spike = 0
        self._add_up()

    def raise_batch(self, stage: Stage, size: int) -> None:
        """Let a batch take more than all before."""
        self._batches[stage] = size
        self._add_up()

    def leak(self, size: int) -> None:
        """Lose so many bytes until the models are released."""
        self._leaked += size
        self._add_up()

    def trim(self, stage: Stage) -> None:
        """Give back what a stage's batches have taken."""
        self._batches.pop(stage, None)
        self._add_up()

    def release(self) -> None:
        """Give back all but the context and what a library keeps."""
        if Stage.ASR in self._models:
            self._residue = simulated.RESIDUE_BYTES[Stage.ASR]
        self._models, self._batches, self._spike, self._leaked = {}, {}, 0, 0
        self._add_up()

    def _add_up(self) -> None:
        parts = self._context + self._spike + self._leaked + self._residue
        self.total = parts + sum(self._models.values()) + sum(self._batches.values())
