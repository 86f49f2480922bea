"""The founding incident under the eyes of a Prometheus, and an operator that is away for a while."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from dev.cluster.kubectl import kubectl
from dev.demo.options import Options
from dev.demo.result import Result
from dev.demo.run import ingest
from dev.demo.stage import Stage, set_up
from dev.grafana import alerts
from dev.installation import NAMESPACE, RELEASE
from dev.observed.alert_log import AlertLog, Change
from dev.observed.targets import Targets
from dev.prometheus import Prometheus, paced

AWAY = "IngestionOperatorNotReconciling"
_ENDED = "ingestion_operator_run_completion_timestamp_seconds"
_LIMIT_SECONDS = 90.0
_SCRAPE_SECONDS = 2
_LOOK_EVERY_SECONDS = 0.2

Say = Callable[[str], None]


@dataclass(frozen=True)
class Observed:
    """A run that is over, and what Prometheus knows of it.

    Attributes:
        began: Unix time at which the run was applied.
        ended: at which it had ended.
        fired_and_cleared: alerts that have.
        firing: alerts that fire at the end.
    """

    prometheus: Prometheus
    result: Result
    began: float
    ended: float
    changes: Sequence[Change]
    fired_and_cleared: set[str]
    firing: set[str]


@contextmanager
def observed(options: Options, pace: float, say: Say) -> Iterator[Observed]:
    """Play the demonstration with a Prometheus that scrapes it, and yield while that still runs.

    Args:
        options: of the demonstration.
        pace: how many times as fast the times of the alerts pass; see `dev.prometheus.pace`.
        say: is told what happens.

    Raises:
        TimeoutError: an alert did not fire, or did not clear, in time.
    """
    with set_up(options, say) as stage:
        folder = options.folder / "prometheus"
        targets = Targets(stage.cluster.kubeconfig, folder / "targets")
        prometheus = Prometheus(
            folder, targets.scrape_configs, paced(alerts.groups(), pace), every_seconds=_SCRAPE_SECONDS
        )
        with targets.kept(), prometheus.running():
            say(f"prometheus: {prometheus.url}; the times of its alerts pass {pace:g} times as fast")
            log = AlertLog(prometheus, say)
            _until(lambda: prometheus.targets().get("ingestion-operator") == ["up"], "the operator is not scraped")
            with log.kept():
                began = time.time()
                result = ingest(stage, say).result
                _until(lambda: bool(prometheus.now(_ENDED)), "the end of the run is not scraped")
                ended = time.time()
                _send_operator_away(stage, log, say)
                _until(lambda: not prometheus.firing(), "an alert does not clear")
            yield Observed(
                prometheus,
                result,
                began,
                ended,
                log.changes,
                log.fired_and_cleared(),
                set(prometheus.firing()),
            )


def _send_operator_away(stage: Stage, log: AlertLog, say: Say) -> None:
    _scale(stage, 0)
    say("      operator scaled to 0")
    _until(lambda: log.fires(AWAY), f"{AWAY} does not fire")
    _scale(stage, 1)
    say("      operator scaled to 1")
    _until(lambda: not log.fires(AWAY), f"{AWAY} does not clear")


def _scale(stage: Stage, replicas: int) -> None:
    kubectl(stage.cluster, "scale", f"deployment/{RELEASE}", "-n", NAMESPACE, f"--replicas={replicas}")


def _until(holds: Callable[[], bool], otherwise: str) -> None:
    ends = time.monotonic() + _LIMIT_SECONDS
    while not holds():
        if time.monotonic() > ends:
            raise TimeoutError(f"{otherwise} within {_LIMIT_SECONDS:g} s")
        time.sleep(_LOOK_EVERY_SECONDS)
