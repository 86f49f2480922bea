"""What kopf's watches tell the controller: what is there, what went, and that something may have been missed."""

from __future__ import annotations

import contextvars
import gc
import weakref
from collections.abc import AsyncIterator, Iterable
from typing import Any, Literal

import kopf
import pytest

from ingestion_contract.pod import Step
from ingestion_operator import controller
from ingestion_operator.handlers import register, tell
from ingestion_operator.settings import kopf_settings
from tests.operator.control.test_controller import Operated

CAUSE: contextvars.ContextVar[object] = contextvars.ContextVar("CAUSE")
"""As kopf has one, with the object in it."""


class ToldOf(dict[str, Any]):
    """An object that can be seen to go."""


def see_in_context(operated: Operated, found: ToldOf) -> None:
    """Let the watch of runs tell of a run in the way of kopf."""
    CAUSE.set(found)
    operated.controller.see_run(found)


@pytest.fixture
async def operated(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Operated]:
    """A controller that is told by nobody but a test."""
    monkeypatch.setattr(controller, "READ_AGAIN_SECONDS", 0.05)
    operated = Operated()
    yield operated
    await operated.controller.stop()


def watch_tells(operated: Operated, kind: Literal["ADDED", "DELETED"] | None, memo: kopf.Memo) -> None:
    """Let the watch of runs tell of the only run."""
    run: Any = operated.kube.objects["ingestionruns", "talks"]
    runs = operated.controller
    tell(runs, {"type": kind, "object": run}, memo, runs.see_run, runs.lose_run)


async def test_an_object_that_is_listed_once_more_lets_every_run_be_read_again(operated: Operated) -> None:
    """Kopf lists again when a watch cannot go on, and tells nothing of what is not there any more."""
    operated.apply()
    memo = kopf.Memo()
    watch_tells(operated, "ADDED", memo)
    await operated.until(lambda: operated.has_job(Step.DISCOVER))
    operated.kube.requests.clear()
    watch_tells(operated, None, memo)
    await operated.until(lambda: {"select jobs", "select pods"} <= set(operated.kube.requests))


async def test_a_job_that_went_while_a_watch_was_broken_is_made_again(operated: Operated) -> None:
    operated.apply()
    memo = kopf.Memo()
    watch_tells(operated, None, memo)
    await operated.until(lambda: operated.has_job(Step.DISCOVER))
    del operated.kube.objects["jobs", "talks-discover"]
    watch_tells(operated, None, memo)
    await operated.until(lambda: operated.has_job(Step.DISCOVER))


def test_thousands_of_runs_are_listed_in_parts_and_not_held_for_long() -> None:
    settings = kopf_settings()
    assert settings.watching.chunk_size is not None
    assert 0 < settings.watching.chunk_size <= 1000
    assert 0 < settings.queueing.idle_timeout <= 1


async def test_an_object_that_a_watch_has_told_of_is_not_held(operated: Operated) -> None:
    """It is larger than all that is kept of a run, and kopf has it in the context in which a handler is called."""
    operated.kube.on_write = lambda plural, found: None
    operated.apply()
    told = ToldOf(operated.kube.objects["ingestionruns", "talks"])
    held = weakref.ref(told)
    contextvars.copy_context().run(see_in_context, operated, told)
    del told
    await operated.until(lambda: operated.has_job(Step.DISCOVER))
    gc.collect()
    assert held() is None
    assert operated.controller.active_runs == 1


async def test_a_run_that_is_deleted_is_left_alone(operated: Operated) -> None:
    operated.apply()
    watch_tells(operated, None, kopf.Memo())
    await operated.until(lambda: operated.has_job(Step.DISCOVER))
    watch_tells(operated, "DELETED", kopf.Memo())
    await operated.until(lambda: operated.controller.active_runs == 0)


async def test_kopfs_clean_up_ends_the_tasks_of_runs(operated: Operated) -> None:
    """Kopf gives tasks that are left over 5 s to end, in which the operator would stop for nothing."""
    registry = kopf.OperatorRegistry()
    register(registry, operated.controller)
    operated.apply()
    await operated.until(lambda: operated.has_job(Step.DISCOVER))
    handlers: Iterable[Any] = registry._activities.get_all_handlers()
    (clean_up,) = [each.fn for each in handlers if each.activity.value == "cleanup"]
    await clean_up()
    assert operated.controller.active_runs == 0
