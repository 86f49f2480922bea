"""A worker lacks memory for long, though the floors say that it fits."""

from dataclasses import replace
from typing import Any

import pytest

from ingestion_contract.metrics import WorkerState
from ingestion_contract.spec import IngestionRun
from ingestion_operator.decision.policies.overestimated import overestimated
from ingestion_operator.decision.situation import Situation
from ingestion_operator.observe.worker_sample import WorkerSample
from tests.operator.kit import NOW, ago, make_pod, make_run, make_sample, make_snapshot, make_status, waiting

LOADING = make_sample(WorkerState.STARTING, floor=None)
LACKING = {"ready": False, "ready_since": None, "unready_since": ago(100)}


def seen(
    sample: WorkerSample | None = LOADING,
    *,
    run: IngestionRun | None = None,
    moved_ago: float = 1000,
    **pod: Any,
) -> Situation:
    """Two workers, of which the second has been trying to load its models."""
    second = make_pod(1, **{**LACKING, **pod})
    snapshot = make_snapshot([make_sample(), sample], run=run, status=make_status(2, changed_at=ago(moved_ago)))
    pods = tuple(second if other.uid == second.uid else other for other in snapshot.pods)
    return Situation(replace(snapshot, pods=pods), NOW)


@pytest.mark.parametrize("sample", [LOADING, waiting()])
def test_one_fewer_whether_it_waits_or_tries_again(sample: WorkerSample) -> None:
    verdict = overestimated(seen(sample))
    assert verdict is not None
    assert (verdict.value, verdict.ceiling) == (1, True)
    assert verdict.message == (
        "1 of 2 workers on GPU-1a2b has lacked memory for 90 s, though floor 8.6 GiB each; 2 fit under 80 % of 24.0 GiB"
    )


@pytest.mark.parametrize(
    "spoiled",
    [
        {"unready_since": ago(80)},
        {"unready_since": None},
        {"started_at": ago(30)},
        {"run": make_run({"min": 2})},
        {"moved_ago": 60},
        {"sample": None},
        {"sample": make_sample(gpu="GPU-other")},
    ],
)
def test_not_before_it_is_sure(spoiled: dict[str, object]) -> None:
    assert overestimated(seen(**spoiled)) is None  # type: ignore[arg-type]
