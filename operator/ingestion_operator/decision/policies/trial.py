"""A change that was made for the sake of speed or economy is kept only if it proves itself."""

from __future__ import annotations

from datetime import timedelta

from ingestion_contract.metrics import WorkerState
from ingestion_contract.status import TrialStatus
from ingestion_operator.decision.decision import Lever, Verdict
from ingestion_operator.decision.situation import Situation
from ingestion_operator.decision.snapshot import Rate
from ingestion_operator.decision.throughput import fed

KEPT = "TrialKept"
TAKEN_BACK = "TrialTakenBack"
RUNNING = "Trial"
ENDED = "TrialEnded"
PROOF_SECONDS = 90.0
"""So long must be measured."""
HOPELESS_SECONDS = 30.0
HOPELESS = 0.85
"""Of what is asked for: below it, a trial is taken back after that shorter time."""
IN_PROPORTION = 1.05
"""Of what that many workers did of the rate before, at the most, what counts as in proportion."""
LONGEST_SECONDS = 900.0
"""A trial that could not be measured by then is taken back."""
FIRST_HOLD_SECONDS = 900
LONGEST_HOLD_SECONDS = 4 * 3600
LEAST_LEFT_SECONDS = 600.0
"""With less work left than that, no trial pays."""


def may_try(situation: Situation) -> bool:
    """Return whether a trial may begin now: none is running, the pace is known, and enough work is left."""
    status, rate = situation.snapshot.status.trial, situation.snapshot.rate
    return (
        status.from_ is None
        and rate is not None
        and rate.seconds >= PROOF_SECONDS
        and situation.at_work
        and situation.seconds_left >= LEAST_LEFT_SECONDS
    )


def least_to_try(situation: Situation) -> int:
    """Return the least workers that a trial may go down to: more than proved to be too few lately."""
    status = situation.snapshot.status.trial
    too_few = status.too_few if status.too_few is not None and outcome_holds(situation) else 0
    return max(situation.bounds.min, too_few + 1)


def outcome_holds(situation: Situation) -> bool:
    """Return whether what the last trials have shown still counts."""
    until = situation.snapshot.status.trial.holds_until
    return until is not None and situation.now < until and not _others_have_changed(situation)


def _others_have_changed(situation: Situation) -> bool:
    """Return whether others hold more or less of the devices than then, by what one worker needs."""
    changed = abs(situation.neighbour_bytes - situation.snapshot.status.trial.neighbour_bytes)
    return situation.neighbours_known and situation.floor is not None and changed >= situation.floor


def begin(situation: Situation, value: int, least_percent: int, reason: str, message: str) -> Verdict:
    """Go to another value, which must reach so many percent of the present rate, if that is known."""
    rate, present = situation.snapshot.rate, situation.snapshot.status.trial
    least = rate.audio_seconds_per_hour * least_percent // 100 if rate is not None else 0
    too_few = present.too_few if outcome_holds(situation) else None
    known = {"neighbour_bytes": situation.neighbour_bytes, "useful": None, "too_few": too_few}
    begun = present.model_copy(update={"from_": situation.wanted, "least_rate": least, **known})
    return Verdict(Lever.PARALLELISM, value, reason, message, trial=begun)


def trial(situation: Situation) -> Verdict | None:
    """Hold while a trial is measured; then keep it, or go back to where it began."""
    status, rate = situation.snapshot.status.trial, situation.snapshot.rate
    if status.from_ is None:
        return None
    if _others_have_changed(situation):
        message = "others hold more or less of the devices than when the trial began, so it proves nothing"
        ended = status.model_copy(update={"from_": None})
        return Verdict(Lever.PARALLELISM, situation.wanted, ENDED, message, trial=ended)
    if situation.wanted > status.from_ and (verdict := _by_devices(situation, status, status.from_)) is not None:
        return verdict
    least = _least_rate(situation, status.least_rate, status.from_, rate.duty) if rate is not None else 0.0
    if rate is None or (rate.seconds < PROOF_SECONDS and not _hopeless(rate, least)):
        if not _has_had_its_time(situation):
            return Verdict(Lever.PARALLELISM, situation.wanted, RUNNING, "a trial is being measured")
        return _back(situation, status.from_, "its effect could not be measured")
    compared = f"{_hours(rate.audio_seconds_per_hour)} audio-hours/hour, and {_hours(least)} were asked for"
    if rate.audio_seconds_per_hour < least:
        return _back(situation, status.from_, compared)
    too_few = status.too_few if outcome_holds(situation) else None
    useful = situation.wanted if situation.wanted < status.from_ else None
    kept = _held(situation, status, useful=useful, too_few=too_few)
    return Verdict(Lever.PARALLELISM, situation.wanted, KEPT, compared, trial=kept)


def _by_devices(situation: Situation, status: TrialStatus, before: int) -> Verdict | None:
    """Return how a trial of more workers has ended, once it shows whether they have got devices of their own.

    A second one on the only device is measured: it may be of use while the first is between two shards.
    """
    if not situation.all_heard:
        return None
    if before > 1 and _behind(situation) and any(gpu.claims > 1 for gpu in situation.gpus):
        alone = max(before, len(situation.gpus))
        return _back(situation, alone, "they share devices that the others keep busy")
    if not (situation.at_work and situation.exclusive):
        return None
    kept = _held(situation, status, useful=None, too_few=None)
    message = f"each of the {situation.wanted} workers has a device of its own"
    return Verdict(Lever.PARALLELISM, situation.wanted, KEPT, message, trial=kept)


def _behind(situation: Situation) -> bool:
    """Return whether windows wait for the devices at every worker: then a second one on a device is of no use."""
    waiting = [sample.windows_waiting for sample in situation.fresh.values() if sample.state is WorkerState.WORKING]
    return bool(waiting) and all(waiting)


def _has_had_its_time(situation: Situation) -> bool:
    """Return whether it could have been measured, by an operator that was there for as long."""
    moments = (situation.workers.changed_at, situation.snapshot.quiet_since)
    return all(situation.seconds_since(moment) >= LONGEST_SECONDS for moment in moments)


def _hopeless(rate: Rate, least: float) -> bool:
    return rate.seconds >= HOPELESS_SECONDS and rate.audio_seconds_per_hour < HOPELESS * least


def _least_rate(situation: Situation, least: int, before: int, duty: float) -> float:
    """Return the rate that is asked for while all are at work: more where devices will more often have none at work."""
    now = fed(situation, duty, situation.wanted)
    return least * fed(situation, duty, before) / now if now else float(least)


def _back(situation: Situation, value: int, evidence: str) -> Verdict:
    value = max(situation.bounds.min, min(value, situation.bounds.max))
    fewer = situation.wanted < value
    message = f"{'fewer' if fewer else 'more'} workers have not proved themselves: {evidence}"
    useful, too_few = (None, situation.wanted) if fewer else (value, None)
    held = _held(situation, situation.snapshot.status.trial, useful=useful, too_few=too_few)
    if fewer and _in_proportion(situation):
        held = held.model_copy(update={"source_limits_each_until": held.holds_until})
    return Verdict(Lever.PARALLELISM, value, TAKEN_BACK, message, trial=held)


def _in_proportion(situation: Situation) -> bool:
    """Return whether fewer workers have done as much less: then no number of them does as much as more."""
    status, rate = situation.snapshot.status.trial, situation.snapshot.rate
    if rate is None or not status.from_:
        return False
    expected = status.least_rate * situation.wanted / status.from_
    return rate.audio_seconds_per_hour < IN_PROPORTION * expected


def _held(situation: Situation, status: TrialStatus, *, useful: int | None, too_few: int | None) -> TrialStatus:
    """Return the status after a trial. Each one holds twice as long as the one before: little changes in a run."""
    hold = FIRST_HOLD_SECONDS
    if status.hold_seconds is not None:
        hold = min(LONGEST_HOLD_SECONDS, 2 * status.hold_seconds)
    return TrialStatus(
        hold_seconds=hold,
        holds_until=situation.now + timedelta(seconds=hold),
        neighbour_bytes=situation.neighbour_bytes,
        useful=useful,
        too_few=too_few,
        source_limits_each_until=status.source_limits_each_until,
    )


def _hours(audio_seconds_per_hour: float) -> str:
    return f"{audio_seconds_per_hour / 3600:.1f}"
