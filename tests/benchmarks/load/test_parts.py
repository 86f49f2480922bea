"""The parts of the load benchmark that need no cluster."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.load.audit import AuditLog, Request, count, first
from benchmarks.load.copies import copy_of
from benchmarks.load.long_list import measure
from benchmarks.load.population import Role, active_runs, finished_status
from benchmarks.load.worker import AFTER_BYTES, DEVICE_BYTES, StandInDevice, StandInWorker
from ingestion_contract.metrics import WorkerState
from ingestion_contract.status import IngestionRunStatus
from ingestion_operator.observe.metrics_page import parse_page
from tests.operator.kit import NOW

ACCOUNT = "system:serviceaccount:operator:operator"


def line(second: int, verb: str, resource: str, name: str = "", user: str = ACCOUNT, **more: str) -> str:
    event = {
        "user": {"username": user},
        "requestReceivedTimestamp": f"2026-11-30T12:00:{second:02}.000000Z",
        "verb": verb,
        "requestURI": "/",
        "objectRef": {"resource": resource, "name": name, **more},
    }
    return json.dumps(event) + "\n"


def test_requests_of_the_account_are_counted_by_kind_without_watches(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_text(
        line(1, "watch", "pods")
        + line(2, "create", "jobs", "talks-discover")
        + line(3, "list", "pods", user="somebody")
        + line(4, "update", "ingestionruns", "talks", subresource="status")
        + line(9, "list", "pods")[:20]
    )
    log = AuditLog(path, ACCOUNT)
    found = log.requests()
    start = found[0].at
    assert count(found, start, start + 60) == {"create jobs": 1, "update ingestionruns/status": 1}
    assert count(found, start, start + 2) == {"create jobs": 1}
    assert first(found, "create", "jobs", "talks") == start + 1
    assert first(found, "create", "jobs", "other") is None


def test_the_log_is_read_on_from_a_line_that_was_cut_off(tmp_path: Path) -> None:
    path, whole = tmp_path / "audit.jsonl", line(1, "list", "pods")
    path.write_text(whole + whole[:30])
    log = AuditLog(path, ACCOUNT)
    assert len(log.requests()) == 1
    with path.open("a") as end:
        end.write(whole[30:])
    assert [request.verb for request in log.requests()] == ["list", "list"]
    assert isinstance(log.requests()[0], Request)


def test_a_copy_belongs_together_under_its_own_name_and_uids() -> None:
    def made(kind: str, name: str, uid: str, **more: Any) -> dict[str, Any]:
        meta = {"name": name, "namespace": "load", "uid": uid, "resourceVersion": "7", **more}
        return {"kind": kind, "metadata": meta}

    run = made("IngestionRun", "talks", "1111-a")
    job = made("Job", "talks-work", "2222-b", ownerReferences=[{"uid": "1111-a"}], labels={"run": "talks"})
    copied_run, copied_job = (each["metadata"] for each in copy_of([run, job], "talks", "others"))
    assert (copied_run["name"], copied_job["name"], copied_job["labels"]["run"]) == ("others", "others-work", "others")
    assert copied_job["ownerReferences"][0]["uid"] == copied_run["uid"] != "1111-a"
    assert "resourceVersion" not in copied_run


def test_there_are_half_as_many_workers_as_runs() -> None:
    runs = active_runs(1000)
    assert sum(run.workers for run in runs if run.role is Role.AT_WORK) == 500
    assert len({run.name for run in runs}) == 1000


def test_what_has_ended_reads_as_a_status_that_the_operator_has_written() -> None:
    status = IngestionRunStatus.from_wire(finished_status())
    assert status.completion_time is not None
    assert status.observed_generation == 1


def test_a_stand_in_says_what_a_worker_would() -> None:
    held: dict[str, int] = {}
    first_one, other = (StandInWorker(StandInDevice("GPU-1", held, name), held, name) for name in ("a", "b"))
    first_one.hold(AFTER_BYTES)
    other.wait_for_memory()
    lucky, short = (parse_page(each.page(ends_videos=False).decode(), NOW) for each in (first_one, other))
    assert lucky is not None
    assert short is not None
    assert (lucky.state, lucky.floor, lucky.device_total) == (WorkerState.WORKING, AFTER_BYTES, DEVICE_BYTES)
    assert short.waits_for_memory
    assert (short.oom_events, short.gpu_uuid) == (1, "GPU-1")
    assert sum(lucky.results.values()) == 0


def test_a_list_is_discovered_and_counted_by_the_worker_in_processes_of_their_own(tmp_path: Path) -> None:
    found = measure(60, tmp_path)
    assert (found.short.videos, found.discover.videos, found.finish.videos) == (1, 60, 60)
    assert found.discover.shards == 3
    assert all(step.resident_bytes > 10_000_000 for step in (found.short, found.discover, found.finish))
