"""Workers run but are not heard of: no telemetry is not health, so nothing goes up."""

from __future__ import annotations

from ingestion_operator.decision.decision import Lever, Verdict
from ingestion_operator.decision.situation import Situation

REASON = "TelemetryStale"


def stale_telemetry(situation: Situation) -> Verdict | None:
    """Hold."""
    if not situation.silent:
        return None
    return Verdict(Lever.PARALLELISM, situation.wanted, REASON, silence(situation))


def silence(situation: Situation) -> str:
    """Return how many workers are not heard of."""
    count, running = len(situation.silent), sum(pod.running for pod in situation.staying)
    return f"{count} of {running} running workers do not answer on their metrics port; nothing is raised meanwhile"
