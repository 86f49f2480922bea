"""Looks at the run until it has ended, and says what changes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from dev.demo import narrate
from dev.demo.stage import Stage
from dev.demo.timeline import DeviceReading, Observation
from ingestion_contract.status import IngestionRunStatus
from ingestion_worker.device import simulated

LOOK_EVERY_SECONDS = 0.4
_LIMIT_SECONDS = 1800.0
_KILL_OPERATOR_AT_PERCENT = 20

Say = Callable[[str], None]


def watch(stage: Stage, say: Say) -> list[Observation]:
    """Return every look at the run, from its start to its end.

    Raises:
        TimeoutError: the run did not end within half an hour.
        ChildDied: a part of the cluster ended by itself.
        OperatorDown: the operator did.
    """
    started = time.monotonic()
    seen: list[Observation] = []
    may_kill = stage.options.kill_operator
    while not seen or seen[-1].status.completion_time is None:
        time.sleep(LOOK_EVERY_SECONDS)
        stage.cluster.check()
        stage.operator.check()
        now = look(stage, time.monotonic() - started)
        for line in narrate.lines(seen[-1] if seen else None, now):
            say(f"{now.t:5.0f} s  {line}")
        seen.append(now)
        if may_kill and narrate.done_percent(now.status) >= _KILL_OPERATOR_AT_PERCENT:
            may_kill = False
            stage.operator.kill()
            say(f"{now.t:5.0f} s  operator killed (SIGKILL); its container starts again")
        if now.t > _LIMIT_SECONDS:
            raise TimeoutError(f"the run did not end within {_LIMIT_SECONDS / 60:g} minutes")
    return seen


def look(stage: Stage, t: float) -> Observation:
    """Return what can be seen now."""
    job = stage.kube.worker_job()
    return Observation(
        t=t,
        status=IngestionRunStatus.from_wire(stage.kube.run().get("status", {})),
        parallelism=job.parallelism,
        pods=job.pods,
        work_ended=job.ended,
        device=read_device(stage.gpu),
    )


def read_device(gpu: Path) -> DeviceReading:
    """Return what the simulated GPU in a folder says now."""
    device = simulated.usage(gpu)
    return DeviceReading(device.total, device.used, device.peak, device.oom_events, device.busy_seconds)
