"""The source blocks this address: pause, probe with one worker, go back to where it was."""

from __future__ import annotations

import zlib
from datetime import timedelta

from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.pod import Step
from ingestion_contract.status import SourceStatus
from ingestion_operator.decision.decision import Lever, Verdict
from ingestion_operator.decision.situation import Situation

BLOCKED = "SourceBlocked"
PROBE = "SourceProbe"
ANSWERS = "SourceAnswers"
FIRST_PAUSE_SECONDS = 60
LONGEST_PAUSE_SECONDS = 1800
JITTER = 0.2
"""Pauses differ by as much of their length, both ways."""


def source_blocked(situation: Situation) -> Verdict | None:
    """Go to none while the pause lasts, to one to probe, and back when the probe gets videos."""
    source = situation.snapshot.status.source
    if situation.blocked and situation.wanted > 0:
        return _pause(situation, source)
    if source.blocked_until is None:
        return None
    if situation.wanted == 0:
        return _wait_or_probe(situation, source)
    if _probe_succeeded(situation):
        bounds = situation.bounds
        value = max(bounds.min, min(bounds.max, source.resume_parallelism or bounds.min))
        message = "the source answers again"
        return Verdict(Lever.PARALLELISM, value, ANSWERS, message, source=SourceStatus(changed_at=situation.now))
    return Verdict(Lever.PARALLELISM, situation.wanted, PROBE, "one worker tries whether the source answers")


def _pause(situation: Situation, source: SourceStatus) -> Verdict:
    pause = min(LONGEST_PAUSE_SECONDS, 2 * source.pause_seconds) if source.pause_seconds else FIRST_PAUSE_SECONDS
    seconds = round(pause * _jitter(situation, pause))
    paused = SourceStatus(
        changed_at=situation.now,
        blocked_until=situation.now + timedelta(seconds=seconds),
        pause_seconds=pause,
        resume_parallelism=source.resume_parallelism or situation.wanted,
    )
    message = f"the source blocks this cluster's address (exit code 75); one worker tries again in {seconds} s"
    return Verdict(Lever.PARALLELISM, 0, BLOCKED, message, source=paused)


def _jitter(situation: Situation, pause: int) -> float:
    """Return a factor that differs from run to run, so that runs which were blocked together do not come back together.

    It follows from the run and the pause, since the same snapshot must give the same decision.
    """
    seed = f"{situation.snapshot.run.metadata.uid} {pause}".encode()
    return 1 - JITTER + 2 * JITTER * zlib.crc32(seed) / 0xFFFFFFFF


def _wait_or_probe(situation: Situation, source: SourceStatus) -> Verdict:
    if source.blocked_until is not None and situation.now < source.blocked_until:
        return Verdict(Lever.PARALLELISM, 0, BLOCKED, "the pause has not passed yet")
    message = "the pause has passed; one worker tries whether the source answers"
    probed = source.model_copy(update={"changed_at": situation.now})
    return Verdict(Lever.PARALLELISM, 1, PROBE, message, source=probed)


def _probe_succeeded(situation: Situation) -> bool:
    since = situation.workers.changed_at
    ended_well = any(
        pod.exit is not None
        and pod.exit.code == ExitCode.DONE
        and (since is None or (pod.exit.finished_at is not None and pod.exit.finished_at > since))
        for pod in situation.snapshot.pods_of(Step.WORK)
    )
    return ended_well or any(sample.results for sample in situation.fresh.values())
