"""When a run is to be looked at again, if nothing happens before. Pure."""

from __future__ import annotations

from datetime import datetime

from ingestion_contract.pod import Step
from ingestion_operator.decision.deadline import seconds_left
from ingestion_operator.decision.snapshot import Snapshot
from ingestion_operator.decision.stage import current_step

FULL_LOOK_SECONDS = 120.0
"""How often a run is looked at whatever happens."""
WAITING_LOOK_SECONDS = 30.0
"""How often a run is looked at whose pods do not run yet: only time can make news of that."""


def seconds_to_next_look(snapshot: Snapshot, now: datetime, scrape_interval_seconds: float) -> float:
    """Return the scrape interval while workers run, else the time to what is due next."""
    active = [pod for pod in snapshot.pods_of(Step.WORK) if pod.active]
    if any(pod.running for pod in active):
        return scrape_interval_seconds
    waits = [WAITING_LOOK_SECONDS if active else FULL_LOOK_SECONDS]
    pause = _pause_left(snapshot, now)
    if pause is not None:
        waits.append(max(pause, scrape_interval_seconds))
    status = snapshot.status
    left = seconds_left(snapshot.run.spec.active_deadline_seconds, status.active, now)
    if left and status.active.since is not None:
        waits.append(left)
    return min(waits)


def _pause_left(snapshot: Snapshot, now: datetime) -> float | None:
    """Return for how long no worker is wanted yet since the source blocks them; None while one is, as one that probes.

    It may have passed, where levers are frozen.
    """
    until, workers = snapshot.status.source.blocked_until, snapshot.status.workers
    if until is None or workers is None or workers.parallelism > 0:
        return None
    held = snapshot.run.spec.suspend or current_step(snapshot) is not Step.WORK
    return None if held else (until - now).total_seconds()
