"""Tells which stage of the pipeline the others wait for. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from ingestion_contract.metrics import Stage

DEVICE_STAGES = (Stage.ASR, Stage.EMBED)
"""These share a thread, and so the device."""


def limiting_stage(busy_seconds: Mapping[Stage, float], threads: Mapping[Stage, int]) -> Stage | None:
    """Return the stage whose threads were busy for the largest share of the time; None where none was busy.

    A stage that is not the limit waits for the one that is, for its input or for room behind it. Of the two that share
    the device, the one that takes more of it stands for both.

    Args:
        busy_seconds: of each stage, summed over its threads.
        threads: of each stage; 1 where nothing is said.
    """
    device = max(DEVICE_STAGES, key=lambda stage: busy_seconds.get(stage, 0.0))
    shares = {
        stage: busy_seconds.get(stage, 0.0) / threads.get(stage, 1) for stage in Stage if stage not in DEVICE_STAGES
    }
    shares[device] = sum(busy_seconds.get(stage, 0.0) for stage in DEVICE_STAGES)
    stage = max(shares, key=lambda stage: shares[stage])
    return stage if shares[stage] > 0 else None
