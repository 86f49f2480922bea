"""The limits that the operator sets and the worker keeps, as `limits.json` in a mounted ConfigMap."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from ingestion_contract.base import ApiModel

LIMITS_KEY = "limits.json"

MAX_WINDOWS = 64
"""In a batch, whatever the budget: larger batches gain little on any card, and cost latency."""

HEADROOM = 0.02
"""Share of its budget that a worker leaves alone: a footprint is measured on a few batches, not proven."""


class Limits(ApiModel):
    """Limits of each worker of a run; what is not set is not limited."""

    model_config = ConfigDict(extra="ignore")

    revision: int = Field(0, ge=0, description="Counts up with every change; the worker reports the one it applied.")
    budget_bytes: int | None = Field(None, ge=1, description="Device memory that a worker may use.")
    floor_bytes: int | None = Field(
        None, ge=1, description="What workers of this run were seen to need at the least: room to wait for."
    )
    batch_ceiling: int | None = Field(None, ge=1, description="Windows in one batch, at most.")
    videos_per_hour: int | None = Field(None, ge=1, description="This worker's share of the egress budget.")
