"""What the operator counts as it goes, and where it tells."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from socket import create_server
from typing import Any

import pytest

from ingestion_contract.pod import Step
from ingestion_operator.clock import system_clock
from ingestion_operator.controller import Controller
from ingestion_operator.desired.pod_template import WorkerSettings
from ingestion_operator.kube import ApiError, Conflict
from ingestion_operator.logs import set_up_logs
from ingestion_operator.observe.pods import Pod
from ingestion_operator.observe.worker_sample import WorkerSample
from ingestion_operator.reconciler import Reconciler, Settings
from ingestion_operator.resources import RUNS
from ingestion_operator.telemetry import metrics, names
from ingestion_operator.telemetry.counting import CountingScraper
from ingestion_operator.telemetry.server import CannotServe, Endpoint, serve
from tests.operator.control.fake_kube import FakeKube
from tests.operator.control.test_reconciler import UID, World
from tests.operator.kit import make_pod, make_sample, waiting
from tests.operator.telemetry.kit import Metrics, fetch, served

ERRORS = "ingestion_operator_reconcile_errors_total"
LOOKS = "ingestion_operator_reconcile_duration_seconds_count"


class HalfOfTheWorkers:
    async def scrape(self, pods: Iterable[Pod]) -> Mapping[str, WorkerSample]:
        return {pod.uid: make_sample() for pod in list(pods)[::2]}


class Operator:
    """A controller over an API server in memory, and its registry."""

    def __init__(self) -> None:
        self.kube = FakeKube()
        self.settings = Settings(WorkerSettings("worker:1"))
        self.controller = Controller(self.kube, HalfOfTheWorkers(), self.settings, system_clock)
        self.kube.on_write = self._tell

    def apply(self, name: str = "talks") -> dict[str, Any]:
        spec = {"source": {"urls": ["https://videos.example"]}, "output": {"uri": "s3://bucket/x"}}
        return self.kube.put(
            RUNS, {"metadata": {"name": name, "namespace": "default", "generation": 1, "uid": name}, "spec": spec}
        )

    async def until(self, name: str, least: float, **labels: str) -> Metrics:
        """Wait until a series has at least a value."""
        async with asyncio.timeout(10):
            while ((page := Metrics(self.settings.metrics.registry)).value(name, **labels) or 0) < least:  # noqa: ASYNC110 - sends no event
                await asyncio.sleep(0.05)
            return page

    def _tell(self, plural: str, found: dict[str, Any]) -> None:
        if plural == "ingestionruns":
            self.controller.see_run(found)


async def test_looks_that_go_through_are_timed() -> None:
    operator = Operator()
    operator.apply()
    page = await operator.until(LOOKS, 1)
    await operator.controller.stop()
    assert [page.value(ERRORS, kind=kind) for kind in names.ErrorKind] == [0, 0, 0]


@pytest.mark.parametrize(
    ("problem", "kind"),
    [
        (ApiError(500, "", "etcd is away"), "api_server"),
        (Conflict(409, "Conflict", "the object has been modified"), "conflict"),
        (RuntimeError("a mistake"), "internal"),
    ],
)
async def test_looks_that_do_not_are_counted_by_kind(problem: Exception, kind: str) -> None:
    operator = Operator()
    operator.kube.fail("status", problem)
    operator.apply()
    page = await operator.until(ERRORS, 1, kind=kind)
    await operator.controller.stop()
    assert sum(page.value(ERRORS, kind=other) or 0 for other in names.ErrorKind) == 1


async def test_a_run_is_there_from_its_first_event_to_its_last() -> None:
    operator = Operator()
    raw = operator.apply()
    assert Metrics(operator.settings.metrics.registry).of_run("state", state="progressing") == 1
    operator.controller.lose_run(raw)
    assert not Metrics(operator.settings.metrics.registry).with_label("run", "talks")
    await operator.controller.stop()


async def test_scrapes_are_counted_by_result() -> None:
    counted = metrics.Metrics()
    await CountingScraper(HalfOfTheWorkers(), counted).scrape(make_pod(number) for number in range(3))
    page = Metrics(counted.registry)
    assert page.value("ingestion_operator_scrapes_total", result="success") == 2
    assert page.value("ingestion_operator_scrapes_total", result="failure") == 1


async def test_every_metric_that_is_declared_is_served_and_no_other() -> None:
    page = Metrics(Operator().settings.metrics.registry)
    declared = {
        metric.name.removesuffix("_total"): metric.kind.value for metric in (*names.OF_OPERATOR, *names.OF_RUNS)
    }
    of_the_process = "process_"
    served = {name: family.type for name, family in page.families.items() if not name.startswith(of_the_process)}
    assert served == declared


async def test_the_process_tells_since_when_it_runs_and_what_it_takes() -> None:
    page = Metrics(Operator().settings.metrics.registry)
    assert (page.value("process_start_time_seconds") or 0) > 0
    assert (page.value("process_resident_memory_bytes") or 0) > 0


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What is logged as JSON lines."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    set_up_logs(logging.INFO, json_lines=True)
    lines = io.StringIO()
    handler = root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(lines)
    yield lines
    root.handlers[:] = handlers
    root.setLevel(level)


async def lowered(*problems: ApiError) -> tuple[World, metrics.Metrics]:
    """A run whose workers were short of memory, and what was counted until they were fewer."""
    world, counted = World(), metrics.Metrics()
    settings = Settings(WorkerSettings("worker:1"), metrics=counted)
    world.reconciler = Reconciler(UID, world.cache, world.kube, world.workers, settings, lambda: world.now)
    await world.work([make_sample(), make_sample(), waiting(), waiting()])
    for problem in problems:
        world.kube.fail("create events MemoryPressure", problem)
    for _ in range(3):
        await world.look()
    return world, counted


async def test_a_decision_is_counted_once_by_lever_and_reason() -> None:
    _, counted = await lowered()
    page = Metrics(counted.registry)
    assert page.value("ingestion_operator_decisions_total", lever="parallelism", reason="MemoryPressure") == 1


@pytest.mark.parametrize("problems", [(), (ApiError(403, "Forbidden", "no events here"),)])
async def test_a_decision_is_one_log_line_with_its_parts_as_fields(
    log: io.StringIO, problems: tuple[ApiError, ...]
) -> None:
    await lowered(*problems)
    lines = [line for line in map(json.loads, log.getvalue().splitlines()) if "lever" in line]
    assert len(lines) == 1
    parts = {key: lines[0][key] for key in ("namespace", "run", "lever", "from", "to", "reason")}
    assert parts == {
        "namespace": "default",
        "run": "talks",
        "lever": "parallelism",
        "from": 4,
        "to": 2,
        "reason": "MemoryPressure",
    }
    assert "2 of 4 workers" in lines[0]["message"]


def lines_of(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


async def test_a_line_has_its_time_in_utc_its_level_and_who_speaks(log: io.StringIO) -> None:
    await lowered()
    line = lines_of(log)[0]
    assert datetime.fromisoformat(line["timestamp"]).utcoffset() == timedelta(0)
    assert (line["level"], line["logger"].partition(".")[0]) == ("INFO", "ingestion_operator")


@pytest.mark.parametrize(
    ("ended", "level", "words"),
    [
        ({"exitCode": 0}, "INFO", "exit code 0, DONE"),
        ({"exitCode": 143, "reason": "Error"}, "INFO", "exit code 143, STOPPED"),
        ({"exitCode": 69, "reason": "Error"}, "WARNING", "exit code 69, UNUSABLE_NODE"),
        ({"exitCode": 137, "reason": "OOMKilled"}, "WARNING", "exit code 137, KILLED, OOMKilled"),
        ({"exitCode": 3}, "WARNING", "exit code 3, unknown"),
    ],
)
async def test_the_end_of_a_shards_pod_is_one_line_with_run_and_shard(
    log: io.StringIO, ended: dict[str, Any], level: str, words: str
) -> None:
    world = World()
    await world.work([make_sample(), make_sample()])
    await world.look()
    phase = "Failed" if ended["exitCode"] else "Succeeded"
    world.add_pod(Step.WORK, 1, phase, {"terminated": ended})
    for _ in range(3):
        await world.look()
    (line,) = [line for line in lines_of(log) if "shard" in line]
    parts = {key: line[key] for key in ("namespace", "run", "step", "shard", "pod", "exit_code", "level")}
    assert parts == {
        "namespace": "default",
        "run": "talks",
        "step": "work",
        "shard": 1,
        "pod": "talks-work-1",
        "exit_code": ended["exitCode"],
        "level": level,
    }
    assert line["message"] == f"default/talks: shard 1: pod talks-work-1 ended: {words}"


@pytest.mark.parametrize("problem", [ApiError(500, "", "etcd is away"), RuntimeError("a mistake")])
async def test_a_look_that_does_not_go_through_names_its_run(log: io.StringIO, problem: Exception) -> None:
    operator = Operator()
    operator.kube.fail("status", problem)
    operator.apply()
    async with asyncio.timeout(10):
        while not log.getvalue():  # noqa: ASYNC110 - sends no event
            await asyncio.sleep(0.05)
    await operator.controller.stop()
    line = lines_of(log)[0]
    assert (line["namespace"], line["run"]) == ("default", "talks")
    assert str(problem) in line["message"] + line.get("exc_info", "")


async def test_metrics_are_served_over_http_until_the_block_is_left() -> None:
    operator = Operator()
    with served(operator.settings.metrics.registry) as port:
        operator.apply()
        page = await asyncio.to_thread(fetch, port)
        assert 'ingestion_operator_scrapes_total{result="success"} 0.0' in page
        assert 'ingestion_operator_run_state{namespace="default",run="talks",state="progressing"} 1.0' in page
    await operator.controller.stop()
    with pytest.raises(ConnectionRefusedError):
        fetch(port)


def test_an_address_that_is_taken_is_named() -> None:
    with create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(CannotServe, match=f"127.0.0.1:{port}"),
            serve(Endpoint("127.0.0.1", port), metrics.Metrics().registry),
        ):
            raise AssertionError


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("http://0.0.0.0:8081/metrics", Endpoint("0.0.0.0", 8081)),
        ("http://[::]:8081/metrics", Endpoint("::", 8081)),
        ("http://fd00::5:8081/metrics", Endpoint("fd00::5", 8081)),
        ("http://2001:db8:0:1:1:1:1:1:8081/metrics", Endpoint("2001:db8:0:1:1:1:1:1", 8081)),
    ],
)
def test_an_address_is_read(url: str, endpoint: Endpoint) -> None:
    assert Endpoint.parse(url) == endpoint


@pytest.mark.parametrize(
    "url",
    [
        "8081",
        "https://0.0.0.0:8081/metrics",
        "http://0.0.0.0/metrics",
        "http://0.0.0.0:x/metrics",
        "http://0.0.0.0:99999/metrics",
        "http://[::1/metrics",
        "http://h:1/",
    ],
)
def test_what_is_no_address_is_refused_with_the_mend(url: str) -> None:
    with pytest.raises(
        ValueError, match=f"^{re.escape(url)} is no address for metrics: write it as http://0.0.0.0:8081"
    ):
        Endpoint.parse(url)
