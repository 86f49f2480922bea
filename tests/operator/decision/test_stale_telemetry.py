from dataclasses import replace

from ingestion_operator.decision.policies.stale_telemetry import stale_telemetry
from ingestion_operator.decision.situation import Situation
from tests.operator.kit import NOW, ago, make_pod, make_sample, make_snapshot, situation


def test_a_running_worker_that_is_not_heard_holds_the_lever() -> None:
    verdict = stale_telemetry(situation([make_sample(), None]))
    assert verdict is not None
    assert verdict.value == 2
    assert verdict.message.startswith("1 of 2 running workers do not answer")


def test_an_old_sample_is_not_health() -> None:
    assert stale_telemetry(situation([make_sample(), make_sample(at=ago(16))])) is not None


def test_a_worker_that_has_just_started_may_be_silent() -> None:
    snapshot = make_snapshot([make_sample(), None])
    starting = make_pod(1, started_at=ago(10))
    assert stale_telemetry(Situation(replace(snapshot, pods=(make_pod(0), starting)), NOW)) is None


def test_workers_that_are_heard_hold_nothing() -> None:
    assert stale_telemetry(situation([make_sample()] * 2)) is None
