"""The law of batches: how much goes to the device at once. Pure; time comes in as seconds of a steady clock.

The memory of a worker is `base + fixed + slope x size` for each stage: the models, and what a batch adds. All is
measured, see `footprint`. Batches are the largest for which windows and texts together stay strictly below the budget,
with a little headroom, within ceilings that were learned, and within the operator's limit. Both stages count in full,
though they never run at the same time: either may keep what it took.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ingestion_contract.limits import HEADROOM, MAX_WINDOWS, Limits
from ingestion_contract.metrics import Stage
from ingestion_worker.memory import ceiling
from ingestion_worker.memory.ceiling import Ceiling
from ingestion_worker.memory.footprint import Footprint

MAX_TOKENS = 8192
"""Tokens of a batch of texts, padding included: more do not make a GPU faster."""

UNGOVERNED_WINDOWS = 8
"""Where there is no device memory to govern."""

TEXT_SHARE = 8
"""Texts get an eighth of the room for batches, beside a speech model: embedding what was said is about an eighth of the
arithmetic of hearing it."""


@dataclass(frozen=True)
class Governor:
    """What the law remembers: the footprint once it is measured, and what was learned of windows and of texts."""

    footprint: Footprint | None = None
    windows: Ceiling = field(default_factory=lambda: Ceiling(MAX_WINDOWS))
    texts: Ceiling = field(default_factory=lambda: Ceiling(MAX_TOKENS))


def allowed_windows(state: Governor, limits: Limits, governed: bool) -> int:
    """Return the largest batch of windows that may run now, at least 1.

    Args:
        state: what is remembered.
        limits: the operator's.
        governed: whether there is device memory to govern.
    """
    return min(permitted(state, Stage.ASR, limits, governed), state.windows.size)


def allowed_tokens(state: Governor, limits: Limits, governed: bool) -> int:
    """Return how many tokens a batch of texts may have, padding included. One text may always run, however long."""
    return min(permitted(state, Stage.EMBED, limits, governed), state.texts.size)


def permitted(state: Governor, stage: Stage, limits: Limits, governed: bool) -> int:
    """Return the largest batch of a stage but for what was learned: what budget and limits permit, at least 1."""
    if stage is Stage.ASR:
        return max(1, min(_permitted_windows(state.footprint, limits, governed), limits.batch_ceiling or MAX_WINDOWS))
    return _permitted_tokens(state.footprint, limits, governed)


def _permitted_windows(footprint: Footprint | None, limits: Limits, governed: bool) -> int:
    if not governed:
        return UNGOVERNED_WINDOWS
    if limits.budget_bytes is None or footprint is None:
        return 1
    return _windows_within(footprint, limits.budget_bytes)


def _permitted_tokens(footprint: Footprint | None, limits: Limits, governed: bool) -> int:
    if not governed:
        return MAX_TOKENS
    if footprint is None:
        return 1
    least = max(1, footprint.text_tokens)
    return least if limits.budget_bytes is None else max(least, _tokens_within(footprint, limits.budget_bytes))


def _windows_within(footprint: Footprint, budget: int) -> int:
    room = _room(footprint, budget) - _bytes_of_texts(footprint, budget)
    if footprint.windows.fixed + room < footprint.windows.least:
        return 0
    return _fitting(room, footprint.windows.slope, MAX_WINDOWS)


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


def after_release(state: Governor, known: Footprint | None, now: float) -> Governor:
    """Return the state after models were released since the worker held more than its budget.

    Args:
        state: before it.
        known: what was measured when they were loaded, and will be again. Batches that took more than it says must
            not run again: half of the largest is the ceiling.
        now: seconds of a steady clock.
    """
    seen = state.footprint
    if seen is not None and known is not None:
        if seen.windows.exceeds(known.windows):
            state = after_out_of_memory(state, Stage.ASR, seen.windows.largest, now)
        if seen.texts.exceeds(known.texts):
            state = after_out_of_memory(state, Stage.EMBED, seen.texts.largest, now)
    return replace(state, footprint=known)


@dataclass(frozen=True)
class Batch:
    """A batch that worked.

    Attributes:
        size: windows, or tokens with padding.
        seconds: that it took.
        permitted: what budget and limits permitted, see `permitted`.
    """

    stage: Stage
    size: int
    seconds: float
    permitted: int


def after_batch(state: Governor, batch: Batch, highest: int | None, now: float) -> Governor:
    """Return the state after a batch that worked.

    Args:
        state: before it.
        batch: that worked.
        highest: the most that this worker has held, None without a device.
        now: seconds of a steady clock.
    """
    if state.footprint is not None and highest is not None:
        state = replace(state, footprint=state.footprint.with_batch(batch.stage, batch.size, highest))
    if batch.stage is Stage.ASR:
        return replace(
            state, windows=ceiling.after_batch(state.windows, batch.size, batch.seconds, now, batch.permitted)
        )
    return replace(state, texts=ceiling.after_batch(state.texts, batch.size, batch.seconds, now, batch.permitted))
