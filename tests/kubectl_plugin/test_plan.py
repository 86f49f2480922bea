"""What a manifest would do is what the operator makes of it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from ingestion_contract.pod import Step
from ingestion_contract.spec import parse_run
from ingestion_operator.desired.jobs import single_job, work_job
from ingestion_operator.desired.pod_template import WorkerSettings
from kubectl_ingest.manifest import validate
from kubectl_ingest.plan import Plan, plan
from kubectl_ingest.plan_view import plan_view
from tests.kubectl_plugin.kit import GIB, shown

EXAMPLES = Path(__file__).parents[2] / "examples"
SETTINGS = WorkerSettings(image="worker")


def manifest(**spec: Any) -> dict[str, Any]:
    base = {"source": {"urls": ["https://videos.example/list"]}, "output": {"uri": "s3://bucket/talks"}}
    return {"metadata": {"name": "talks", "namespace": "media"}, "spec": base | spec}


def planned(floor: float | None = None, **spec: Any) -> Plan:
    return plan(parse_run(manifest(**spec)), int(floor * GIB) if floor is not None else None)


def test_the_jobs_are_those_of_the_operator() -> None:
    run = parse_run(manifest(workers={"resources": {"limits": {"nvidia.com/gpu": 2}, "requests": {"cpu": "4"}}}))
    jobs = {
        step: work_job(run, 3, 4, SETTINGS) if step is Step.WORK else single_job(run, step, SETTINGS) for step in Step
    }

    for step in plan(run, None).steps:
        job = jobs[step.step]
        assert step.job == job["metadata"]["name"]
        assert step.resources == job["spec"]["template"]["spec"]["containers"][0]["resources"]


def test_only_the_work_has_several_pods() -> None:
    steps = planned(workers={"parallelism": {"initial": 4, "min": 2, "max": 6}}).steps

    assert [(step.step, step.pods_min, step.pods_initial, step.pods_max) for step in steps] == [
        (Step.DISCOVER, 1, 1, 1),
        (Step.WORK, 2, 4, 6),
        (Step.FINISH, 1, 1, 1),
    ]


def test_there_are_no_more_workers_than_videos_per_hour() -> None:
    source = {"urls": ["https://videos.example/list"], "videosPerHour": 3}
    work = planned(source=source, workers={"parallelism": {"initial": 4, "max": 6}}).steps[1]

    assert (work.pods_min, work.pods_initial, work.pods_max) == (1, 3, 3)


@pytest.mark.parametrize(
    ("limit", "shards", "sentence"),
    [
        (None, None, "known after listing; at most 10 videos each"),
        (200, 20, "20 or more if the source reaches the limit"),
        (201, 21, "21 or more"),
    ],
)
def test_the_number_of_shards_is_known_after_listing(limit: int | None, shards: int | None, sentence: str) -> None:
    source = {"urls": ["https://videos.example/list"]} | ({"limit": limit} if limit else {})
    found = planned(source=source, workers={"videosPerShard": 10})

    assert found.shards.expected_at_least == shards
    assert sentence in shown(plan_view(found))


def test_a_floor_tells_how_many_workers_fit_on_common_cards() -> None:
    found = planned(8.6)

    assert {fit.card: fit.workers for fit in found.memory.cards} == {
        "T4 (16 GB)": 1,
        "A10, L4 (24 GB)": 2,
        "A100 (40 GB)": 3,
        "A100 (80 GB)": 7,
        "H100 (80 GB)": 7,
        "H200 (141 GB)": 13,
    }


@pytest.mark.parametrize(
    ("parallelism", "floor", "sentence"),
    [
        ({"initial": 1, "max": 8}, 13.0, "a worker alone does not fit as a whole"),
        ({"initial": 2, "min": 2}, 8.6, "fewer than spec.workers.parallelism.min (2): out of memory, the run stalls"),
        ({"initial": 4}, 8.6, "begins with 4, and is lowered to 2 as soon as memory is short"),
        ({"initial": 1}, 8.6, "begins with 1, and may be raised to 2"),
        ({"initial": 1, "max": 4}, 8.6, "spec.workers.parallelism.max and spec.source.videosPerHour allow 4"),
    ],
)
def test_what_a_fit_means_for_the_run_is_said(parallelism: dict[str, int], floor: float, sentence: str) -> None:
    assert sentence in shown(plan_view(planned(floor, workers={"parallelism": parallelism})), 200)


def test_without_a_floor_nothing_is_guessed() -> None:
    found = planned()

    assert found.memory.cards == []
    assert "the first worker measures that at run time" in " ".join(shown(plan_view(found)).split())


def test_a_suspended_manifest_starts_nothing() -> None:
    assert "media/talks, suspended: nothing starts" in shown(plan_view(planned(suspend=True)))


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.name)
def test_every_example_can_be_planned(example: Path) -> None:
    for document in yaml.safe_load_all(example.read_text()):
        if document["kind"] == "IngestionRun":
            run = validate(document, None, "default")

            assert run.metadata.name in shown(plan_view(plan(run, None)))
