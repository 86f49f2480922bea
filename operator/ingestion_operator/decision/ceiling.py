"""What is remembered of having gone down: a parallelism that is not exceeded for a while."""

from __future__ import annotations

from datetime import timedelta

from ingestion_operator.decision.decision import Ceiling, Verdict
from ingestion_operator.decision.situation import Situation

FIRST_HOLD_SECONDS = 600
LONGEST_HOLD_SECONDS = 4 * 3600


def ceiling_after(situation: Situation, change: Verdict | None) -> Ceiling | None:
    """Return the ceiling after a change: the present one, or a new one if the change was a way down.

    The hold doubles when the ceiling before had expired, since then the increase had to be taken back.
    """
    workers = situation.workers
    present = None
    if workers.ceiling is not None and workers.ceiling_expires_at is not None:
        hold = workers.ceiling_hold_seconds or FIRST_HOLD_SECONDS
        present = Ceiling(workers.ceiling, workers.ceiling_expires_at, hold, workers.ceiling_neighbour_bytes)
    if change is None or not change.ceiling:
        return present
    hold = FIRST_HOLD_SECONDS
    if present is not None:
        expired, taken_back = situation.now >= present.expires_at, situation.wanted > present.value
        if taken_back or not expired:
            hold = min(LONGEST_HOLD_SECONDS, present.hold_seconds * (2 if expired else 1))
    expires_at = situation.now + timedelta(seconds=hold)
    return Ceiling(change.value, expires_at, hold, situation.neighbour_bytes)


def cause_is_gone(situation: Situation) -> bool:
    """Return whether others have given back what one worker more needs, since the ceiling was set.

    Where an increase has had to be taken back, they come and go, and the ceiling stands its time.
    """
    if (situation.workers.ceiling_hold_seconds or 0) > FIRST_HOLD_SECONDS:
        return False
    freed = situation.workers.ceiling_neighbour_bytes - situation.neighbour_bytes
    return situation.neighbours_known and situation.floor is not None and freed >= situation.floor
