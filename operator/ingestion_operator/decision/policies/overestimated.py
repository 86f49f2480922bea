"""A worker has lacked memory for long, though the floors say that it fits: the device holds less than they say."""

from __future__ import annotations

from ingestion_operator.decision.decision import Lever, Verdict
from ingestion_operator.decision.situation import Situation
from ingestion_operator.decision.words import devices, what_fits
from ingestion_operator.observe.pods import Pod

REASON = "FitOverestimated"
LASTS_SECONDS = 90.0
"""Others that make room, such as a worker on its way out, take less."""


def overestimated(situation: Situation) -> Verdict | None:
    """Take one worker away: the one that lacks memory, since it is not ready; not from devices of their own."""
    value = situation.wanted - 1
    lacking = sum(_lacks_memory(situation, pod) for pod in situation.staying)
    if not lacking or situation.exclusive or situation.floor is None or value < max(1, situation.bounds.min):
        return None
    if situation.seconds_since(situation.workers.changed_at) < LASTS_SECONDS:
        return None
    verb = "has" if lacking == 1 else "have"
    message = (
        f"{lacking} of {len(situation.staying)} workers on {devices(situation)} {verb} lacked memory for "
        f"{LASTS_SECONDS:.0f} s, though {what_fits(situation, situation.floor)}"
    )
    return Verdict(Lever.PARALLELISM, value, REASON, message, ceiling=True)


def _lacks_memory(situation: Situation, pod: Pod) -> bool:
    """Return whether a worker is not ready for long: only those are that lack memory, and have not worked since."""
    since = max(filter(None, (pod.unready_since, pod.started_at)), default=None)
    heard = pod.uid in situation.fresh and pod.unready_since is not None
    return heard and situation.seconds_since(since) >= LASTS_SECONDS
