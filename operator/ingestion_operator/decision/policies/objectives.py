"""What the run is to reach, and falls short of: told in a condition, with the reason that weighs most."""

from __future__ import annotations

from collections import Counter

from ingestion_contract.metrics import WorkerState
from ingestion_operator.decision.decision import Finding
from ingestion_operator.decision.situation import Situation

SUCCESS = "SuccessBelowObjective"
UTILISATION = "UtilisationBelowObjective"
LEAST_VIDEOS = 10
"""Fewer say nothing of the rest."""
MEASURED_SECONDS = 120.0


def short_of_objectives(situation: Situation) -> Finding | None:
    """Return the objective that the run is short of as far as it has come; success comes before utilisation."""
    return _success(situation) or _utilisation(situation)


def _success(situation: Situation) -> Finding | None:
    videos, least = situation.snapshot.status.videos, situation.snapshot.run.spec.objectives.min_success_percent
    readable = videos.succeeded + videos.failed
    if readable < LEAST_VIDEOS or 100 * videos.succeeded >= least * readable:
        return None
    most = max(videos.reasons.items(), key=lambda item: (item[1], item[0]), default=None)
    mostly = f", mostly {most[0]} ({most[1]})" if most is not None else ""
    percent = 100 * videos.succeeded // readable
    message = f"{percent} % of {readable} videos succeeded, {least} % are asked for; {videos.failed} failed{mostly}"
    return Finding(SUCCESS, message)


def _utilisation(situation: Situation) -> Finding | None:
    rate, least = situation.snapshot.rate, situation.snapshot.run.spec.objectives.min_utilisation_percent
    if rate is None or rate.utilisation is None or rate.seconds < MEASURED_SECONDS:
        return None
    if 100 * rate.utilisation >= least or not situation.fresh:
        return None
    message = f"the devices are busy for {100 * rate.utilisation:.0f} % of the time, {least} % are asked for"
    return Finding(UTILISATION, f"{message}; {_dominant(situation)}")


def _dominant(situation: Situation) -> str:
    """Return what most workers wait for."""
    waits = Counter(
        sample.state.value.replace("_", " ")
        if sample.state is not None and sample.state is not WorkerState.WORKING
        else f"waiting for {sample.limiting}"
        if sample.limiting is not None
        else "working"
        for sample in situation.fresh.values()
    )
    words, count = max(waits.items(), key=lambda item: (item[1], item[0]))
    return f"{count} of {len(situation.fresh)} workers are {words}"
