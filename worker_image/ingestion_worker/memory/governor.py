"""The law of batches: how much goes to the device at once. Pure; time comes in as seconds of a steady clock.

The memory of a worker is `base + fixed + slope x size` for each stage: the models, and what a batch adds. All is
measured, see `footprint`. Batches are the largest for which windows and texts together stay strictly below the budget,
with a little headroom, within ceilings that were learned, and within the operator's limit. Both stages count in full,
though they never run at the same time: either may keep what it took.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ingestion_contract.limits import Limits
from ingestion_contract.metrics import Stage
from ingestion_worker.memory import ceiling
from ingestion_worker.memory.ceiling import Ceiling
from ingestion_worker.memory.footprint import Footprint

MAX_WINDOWS = 64
"""Larger batches gain little on any card, and cost latency."""

FIRST_WINDOWS = 16
"""Larger batches must prove that they gain something."""

MAX_TOKENS = 8192
"""Tokens of a batch of texts, padding included: more do not make a GPU faster."""

UNGOVERNED_WINDOWS = 8
"""Where there is no device memory to govern."""

TEXT_SHARE = 8
"""Texts get an eighth of the room for batches, beside a speech model: embedding what was said is about an eighth of the
arithmetic of hearing it."""

HEADROOM = 0.02
"""Share of the budget that is left alone: a footprint is measured on a few batches, not proven."""


@dataclass(frozen=True)
class Governor:
    """What the law remembers: the footprint once it is measured, and what was learned of windows and of texts."""

    footprint: Footprint | None = None
    windows: Ceiling = field(default_factory=lambda: Ceiling(FIRST_WINDOWS))
    texts: Ceiling = field(default_factory=lambda: Ceiling(MAX_TOKENS))


def allowed_windows(state: Governor, limits: Limits, governed: bool) -> int:
    """Return the largest batch of windows that may run now, at least 1.

    Args:
        state: what is remembered.
        limits: the operator's.
        governed: whether there is device memory to govern.
    """
    if not governed:
        size = UNGOVERNED_WINDOWS
    elif limits.budget_bytes is None or state.footprint is None:
        size = 1
    else:
        size = _windows_within(state.footprint, limits.budget_bytes)
    if limits.batch_ceiling is not None:
        size = min(size, limits.batch_ceiling)
    return max(1, min(size, state.windows.size))


def allowed_tokens(state: Governor, limits: Limits, governed: bool) -> int:
    """Return how many tokens a batch of texts may have, padding included. One text may always run, however long."""
    if not governed:
        return min(MAX_TOKENS, state.texts.size)
    if state.footprint is None:
        return 1
    least = max(1, state.footprint.text_tokens)
    size = least if limits.budget_bytes is None else _tokens_within(state.footprint, limits.budget_bytes)
    return min(max(least, size), state.texts.size)


def _windows_within(footprint: Footprint, budget: int) -> int:
    return _fitting(_room(footprint, budget) - _bytes_of_texts(footprint, budget), footprint.windows.slope, MAX_WINDOWS)


def _tokens_within(footprint: Footprint, budget: int) -> int:
    room = min(_room(footprint, budget), _bytes_of_texts(footprint, budget))
    return _fitting(room, footprint.texts.slope, MAX_TOKENS)


def _fitting(room: int, slope: int, most: int) -> int:
    """Return the largest size for which there is room, at most `most`, and 0 where even the smallest has none."""
    if room < 0:
        return 0
    return min(most, room // slope) if slope else most


def _bytes_of_texts(footprint: Footprint, budget: int) -> int:
    """Return the room that batches of texts may take: their share, but one text always, and no more than helps."""
    slope, room = footprint.texts.slope, _room(footprint, budget)
    share = max(slope * footprint.text_tokens, room // TEXT_SHARE if footprint.windows.largest else room)
    return min(share, slope * max(MAX_TOKENS, footprint.text_tokens))


def _room(footprint: Footprint, budget: int) -> int:
    """Return what the budget leaves for batches; strictly less than it, so that it is never reached."""
    return int(budget * (1 - HEADROOM)) - footprint.total(0, 0) - footprint.windows.fixed - footprint.texts.fixed - 1


def after_out_of_memory(state: Governor, stage: Stage, size: int, now: float) -> Governor:
    """Return the state after memory ran out in a batch of that size."""
    if stage is Stage.ASR:
        return replace(state, windows=ceiling.after_out_of_memory(state.windows, size, now))
    return replace(state, texts=ceiling.after_out_of_memory(state.texts, size, now))


def after_batch(state: Governor, stage: Stage, size: int, seconds: float, highest: int | None, now: float) -> Governor:
    """Return the state after a batch that worked.

    Args:
        state: before it.
        stage: speech recognition or embedding.
        size: windows, or tokens with padding.
        seconds: that it took.
        highest: the most that this worker has held, None without a device.
        now: seconds of a steady clock.
    """
    if state.footprint is not None and highest is not None:
        state = replace(state, footprint=state.footprint.with_batch(stage, size, highest))
    if stage is Stage.ASR:
        return replace(state, windows=ceiling.after_batch(state.windows, size, seconds, now, MAX_WINDOWS))
    return replace(state, texts=ceiling.after_batch(state.texts, size, seconds, now, MAX_TOKENS))
