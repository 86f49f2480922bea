import pytest

from ingestion_contract.metrics import Result
from ingestion_contract.status import SourceStatus
from ingestion_operator.decision.policies.source_blocked import JITTER, source_blocked
from tests.operator.kit import NOW, ago, ended_pod, make_run, make_sample, make_status, situation

PAUSED = SourceStatus(blocked_until=ago(-30), pause_seconds=60, resume_parallelism=4)
PROBING = SourceStatus(changed_at=ago(20), blocked_until=ago(30), pause_seconds=60, resume_parallelism=4)


def lasts(source: SourceStatus) -> float:
    """Seconds from now to the probe."""
    assert source.blocked_until is not None
    return (source.blocked_until - NOW).total_seconds()


def test_a_blocked_source_pauses_the_run() -> None:
    verdict = source_blocked(situation([make_sample()] * 3, status=make_status(4), others=[ended_pod(3, 75)]))
    assert verdict is not None
    assert verdict.value == 0
    assert verdict.source is not None
    assert (verdict.source.pause_seconds, verdict.source.resume_parallelism) == (60, 4)
    assert lasts(verdict.source) == pytest.approx(60, rel=JITTER)
    assert not verdict.ceiling


def test_the_pause_lasts() -> None:
    verdict = source_blocked(situation(status=make_status(0, changed_at=ago(30)), source=PAUSED))
    assert verdict is not None
    assert verdict.value == 0


def test_then_one_worker_probes() -> None:
    verdict = source_blocked(situation(status=make_status(0, changed_at=ago(90)), source=PROBING))
    assert verdict is not None
    assert (verdict.value, verdict.reason) == (1, "SourceProbe")


def test_a_probe_that_is_blocked_doubles_the_pause() -> None:
    exits = [ended_pod(0, 75, seconds_ago=2)]
    verdict = source_blocked(situation(status=make_status(1, changed_at=ago(20)), source=PROBING, others=exits))
    assert verdict is not None
    assert verdict.value == 0
    assert verdict.source is not None
    assert (verdict.source.pause_seconds, verdict.source.resume_parallelism) == (120, 4)
    assert lasts(verdict.source) == pytest.approx(120, rel=JITTER)


def test_runs_that_were_blocked_together_do_not_come_back_together() -> None:
    pauses = set()
    for number in range(20):
        run = make_run()
        other = run.model_copy(update={"metadata": run.metadata.model_copy(update={"uid": f"run-{number}"})})
        verdict = source_blocked(situation([make_sample()], run=other, others=[ended_pod(3, 75)]))
        assert verdict is not None
        assert verdict.source is not None
        pauses.add(lasts(verdict.source))
    assert len(pauses) > 10


def test_a_probe_that_gets_a_video_brings_the_workers_back() -> None:
    probe = make_sample(results={(Result.SUCCEEDED, ""): 1})
    verdict = source_blocked(situation([probe], status=make_status(1, changed_at=ago(20)), source=PROBING))
    assert verdict is not None
    assert (verdict.value, verdict.source) == (4, SourceStatus(changed_at=NOW))


def test_until_then_the_probe_goes_on_alone() -> None:
    verdict = source_blocked(situation([make_sample()], status=make_status(1, changed_at=ago(20)), source=PROBING))
    assert verdict is not None
    assert (verdict.value, verdict.source) == (1, None)


def test_a_block_is_answered_even_if_the_lever_was_moved_for_another_reason_meanwhile() -> None:
    moved = make_status(2, changed_at=ago(1))
    assert source_blocked(situation([make_sample()] * 2, status=moved, others=[ended_pod(3, 75, seconds_ago=3)]))


def test_what_was_blocked_before_the_return_has_been_answered() -> None:
    returned = SourceStatus(changed_at=ago(10))
    assert (
        source_blocked(situation([make_sample()], source=returned, others=[ended_pod(3, 75, seconds_ago=30)])) is None
    )


def test_a_source_that_answers_is_left_alone() -> None:
    assert source_blocked(situation([make_sample()] * 4)) is None


@pytest.mark.parametrize(("bounds", "value"), [({"initial": 2, "max": 3}, 3), ({"initial": 6, "min": 6}, 6)])
def test_after_a_pause_in_which_the_bounds_were_moved_they_are_kept(bounds: dict[str, int], value: int) -> None:
    works = situation([make_sample(results={(Result.SUCCEEDED, ""): 1})], run=make_run(bounds), source=PROBING)
    verdict = source_blocked(works)
    assert verdict is not None
    assert verdict.value == value
