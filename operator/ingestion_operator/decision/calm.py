"""Whether nothing speaks against going up."""

from __future__ import annotations

from ingestion_operator.decision.situation import Situation


def calm(situation: Situation) -> bool:
    """Return whether every worker is heard, and memory has not been short for the time of recovery.

    What a worker heals by itself within its budget still counts: it shows that the budget is all there is.
    """
    wait = situation.memory.recovery_after_seconds
    status, workers = situation.snapshot.status, situation.workers
    moments = (situation.snapshot.quiet_since, workers.changed_at, status.memory.last_oom_at)
    return (
        situation.all_heard
        and not situation.waiting
        and status.memory.pressed_since is None
        and all(situation.seconds_since(at) >= wait for at in moments)
    )
