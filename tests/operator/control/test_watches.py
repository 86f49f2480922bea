"""What kopf's watches tell the controller: when all is known, and when something may have been missed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Literal

import kopf
import pytest

from ingestion_contract.pod import Step
from ingestion_operator import controller
from ingestion_operator.clock import system_clock
from ingestion_operator.controller import Controller
from ingestion_operator.desired.pod_template import WorkerSettings
from ingestion_operator.handlers import tell_rest
from ingestion_operator.reconciler import Settings
from ingestion_operator.settings import kopf_settings
from tests.operator.control.test_controller import NoWorkers, Operated


@pytest.fixture
async def operated(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Operated]:
    """A controller that does not know yet what there is."""
    monkeypatch.setattr(controller, "READ_AGAIN_SECONDS", 0.05)
    operated = Operated()
    operated.controller = Controller(operated.kube, NoWorkers(), Settings(WorkerSettings("worker:1")), system_clock)
    yield operated
    await operated.controller.stop()


def tell(operated: Operated, kind: Literal["ADDED", "DELETED"] | None, memo: kopf.Memo) -> None:
    """Let the watch of runs tell of the only run."""
    run: Any = operated.kube.objects["ingestionruns", "talks"]
    tell_rest(operated.controller, {"type": kind, "object": run}, memo, operated.controller.lose_run)


async def test_no_run_is_looked_at_before_all_that_is_there_was_listed(operated: Operated) -> None:
    """A run whose pods are not known yet would look like one whose result is lost."""
    operated.apply()
    for _ in range(10):
        await asyncio.sleep(0)
    assert operated.controller.active_runs == 1
    assert operated.kube.requests == []
    tell(operated, None, kopf.Memo())
    await operated.until(lambda: operated.has_job(Step.DISCOVER))


async def test_what_the_watches_have_told_is_not_read_again(operated: Operated) -> None:
    operated.apply()
    tell(operated, None, kopf.Memo())
    await operated.until(lambda: operated.has_job(Step.DISCOVER))
    assert not any(request.startswith(("select", "get")) for request in operated.kube.requests)


async def test_an_object_that_is_listed_once_more_lets_every_run_be_read_again(operated: Operated) -> None:
    """Kopf lists again when a watch cannot go on, and tells nothing of what is not there any more."""
    operated.apply()
    memo = kopf.Memo()
    tell(operated, "ADDED", memo)
    await operated.until(lambda: operated.has_job(Step.DISCOVER))
    operated.kube.requests.clear()
    tell(operated, None, memo)
    await operated.until(lambda: {"select jobs", "select pods"} <= set(operated.kube.requests))


async def test_a_job_that_went_while_a_watch_was_broken_is_made_again(operated: Operated) -> None:
    operated.apply()
    memo = kopf.Memo()
    tell(operated, None, memo)
    await operated.until(lambda: operated.has_job(Step.DISCOVER))
    del operated.kube.objects["jobs", "talks-discover"]
    tell(operated, None, memo)
    await operated.until(lambda: operated.has_job(Step.DISCOVER))


def test_thousands_of_runs_are_listed_in_parts() -> None:
    chunk = kopf_settings().watching.chunk_size
    assert chunk is not None
    assert 0 < chunk <= 1000


async def test_a_run_that_is_deleted_is_left_alone(operated: Operated) -> None:
    operated.apply()
    tell(operated, None, kopf.Memo())
    await operated.until(lambda: operated.has_job(Step.DISCOVER))
    tell(operated, "DELETED", kopf.Memo())
    await operated.until(lambda: operated.controller.active_runs == 0)
