"""The limits that the operator sets and the worker keeps, as `limits.json` in a mounted ConfigMap."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from ingestion_contract.base import ApiModel

LIMITS_KEY = "limits.json"

MAX_WINDOWS = 64
"""In a batch, whatever the budget: larger batches gain little on any card, and cost latency."""

HEADROOM = 0.02
"""Share of its budget that a worker leaves alone: a footprint is measured on a few batches, not proven."""


MAX_DEVICE_BUDGETS = 64
"""Devices that have a budget of their own, at the most: all of them are in the status."""


class Limits(ApiModel):
    """Limits of each worker of a run; what is not set is not limited."""

    model_config = ConfigDict(extra="ignore")

    revision: int = Field(0, ge=0, description="Counts up with every change; the worker reports the one it applied.")
    budget_bytes: int | None = Field(None, ge=1, description="Device memory that a worker may use.")
    device_budgets: dict[str, Annotated[int, Field(ge=1)]] = Field(
        {},
        max_length=MAX_DEVICE_BUDGETS,
        description="By UUID, what a worker may use of a device that holds another amount for it than most.",
    )
    floor_bytes: int | None = Field(
        None, ge=1, description="What workers of this run were seen to need at the least: room to wait for."
    )
    batch_ceiling: int | None = Field(None, ge=1, description="Windows in one batch, at most.")
    videos_per_hour: int | None = Field(None, ge=1, description="This worker's share of the egress budget.")

    def on(self, uuid: str) -> Limits:
        """Return the limits of a worker on a device."""
        return self.model_copy(update={"budget_bytes": self.device_budgets.get(uuid, self.budget_bytes)})
