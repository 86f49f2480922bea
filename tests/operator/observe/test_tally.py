from ingestion_contract.metrics import Result
from ingestion_contract.summary import ShardSummary
from ingestion_operator.observe.tally import Tally, update_tallies
from tests.operator.kit import ended_pod, make_pod, make_sample


def done(count: int) -> dict[tuple[Result, str], int]:
    return {(Result.SUCCEEDED, ""): count}


def test_a_shard_counts_what_its_worker_says() -> None:
    tallies = update_tallies({}, [make_pod(3)], {"work-pod-3": make_sample(results=done(4), audio_seconds=40)})
    assert tallies == {3: Tally(done(4), 40)}


def test_a_new_attempt_takes_nothing_away() -> None:
    known = {3: Tally(done(4), 40)}
    assert update_tallies(known, [make_pod(3)], {"work-pod-3": make_sample(results=done(1))}) == known


def test_a_pod_that_went_leaves_its_summary() -> None:
    summary = ShardSummary(shard=3, total=9, succeeded=5, failed=1, skipped=2, audio_seconds=70)
    tallies = update_tallies({}, [ended_pod(3, 143, summary, gone=True)], {})
    assert (tallies[3].done, tallies[3].audio_seconds) == (8, 70)
