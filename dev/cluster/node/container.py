"""One container of a pod, from waiting for what it needs to its last end."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dev.cluster.node import probes
from dev.cluster.node.api import ApiError, JsonObject
from dev.cluster.node.launch import Launch, NotLaunchable, prepare_launch
from dev.cluster.node.process import SandboxProcess, StartFailed, start_process
from dev.cluster.node.sandbox import bwrap_command
from dev.cluster.node.services import NodeServices
from dev.cluster.node.states import ContainerRecord, Running, Terminated, Waiting
from dev.cluster.node.termination import termination_message
from dev.cluster.quantity import quantity

_START_ERROR = 128
_RETRY_SECONDS = 2.0
_FIRST_BACK_OFF_SECONDS = 10.0
_LONGEST_BACK_OFF_SECONDS = 300.0
_BACK_OFF_FORGOTTEN_AFTER_SECONDS = 600.0

_log = logging.getLogger(__name__)


class Container:
    """Runs one declared container and keeps its record; `changed` is called after every change of the record."""

    def __init__(
        self,
        pod: JsonObject,
        declared: JsonObject,
        restart_policy: str,
        services: NodeServices,
        changed: Callable[[], None],
    ) -> None:
        self._pod = pod
        self._declared = declared
        self._restart_policy = restart_policy
        self._services = services
        self._changed = changed
        self._process: SandboxProcess | None = None
        self._stopping = False
        self._out_of_memory = False
        name = declared["name"]
        self._log = services.logs.file(pod["metadata"]["namespace"], pod["metadata"]["name"], name)
        self.record = ContainerRecord(name, declared["image"], Waiting("ContainerCreating"))

    async def run(self, volumes: Mapping[str, Path]) -> None:
        """Start the container, again as often as the restart policy says, and return when it has ended for good.

        Cancelling kills the process tree, which the record then says.
        """
        back_off = 0.0  # as on a kubelet, the first time it starts again at once
        while not self._stopping:
            ended = await self._run_once(volumes)
            if self._stopping or not self._restarts(ended):
                return
            if (ended.finished_at - ended.started_at).total_seconds() > _BACK_OFF_FORGOTTEN_AFTER_SECONDS:
                back_off = 0.0
            if back_off:
                waiting = f"back-off {back_off:.0f}s restarting container {self.record.name}"
                self._update(state=Waiting("CrashLoopBackOff", waiting), last=ended)
                await asyncio.sleep(back_off)
            self._update(last=ended, restart_count=self.record.restart_count + 1)
            back_off = min(max(2 * back_off, _FIRST_BACK_OFF_SECONDS), _LONGEST_BACK_OFF_SECONDS)

    def terminate(self) -> None:
        """Send SIGTERM to the main process if there is one; the container does not start again."""
        self._stopping = True
        if self._process:
            self._event("Killing", f"Stopping container {self.record.name}")
            self._process.terminate()

    def _restarts(self, ended: Terminated) -> bool:
        return self._restart_policy == "Always" or (self._restart_policy == "OnFailure" and ended.exit_code != 0)

    async def _run_once(self, volumes: Mapping[str, Path]) -> Terminated:
        started, identity = datetime.now(UTC), ""
        try:
            launch = await self._launchable(volumes)
            process = await self._start(launch)
            started, identity = datetime.now(UTC), f"process://{process.pid}"
            self._update(
                state=Running(started, identity),
                started="startupProbe" not in self._declared,
                ready=not {"startupProbe", "readinessProbe"} & self._declared.keys(),
            )
            self._event("Started", f"Started container {self.record.name}")
            with self._running_process(process), self._probed(launch, process), self._memory_limited(process):
                code = await _wait_or_kill(process)
        except StartFailed as problem:
            self._event("Failed", f"Error: {problem}", kind="Warning")
            return self._ended(
                Terminated(_START_ERROR, "StartError", str(problem), started, datetime.now(UTC), identity)
            )
        return self._ended(self._terminated(code, launch, started, identity))

    async def _launchable(self, volumes: Mapping[str, Path]) -> Launch:
        """Wait, with the reason in the record, until the container has what it needs to start."""
        while True:
            try:
                return await prepare_launch(self._pod, self._declared, volumes, self._services)
            except NotLaunchable as problem:
                waiting = Waiting(problem.reason, str(problem))
                if self.record.state != waiting:
                    self._update(state=waiting)
                    self._event("Failed", f"Error: {problem.reason}: {problem}", kind="Warning")
            except ApiError as problem:
                _log.warning("container %s: %s", self.record.name, problem)
            await asyncio.sleep(_RETRY_SECONDS)

    async def _start(self, launch: Launch) -> SandboxProcess:
        def command(status_fd: int) -> list[str]:
            return bwrap_command(launch.mounts, [launch.image], launch.working_directory, status_fd, launch.command)

        return await start_process(command, launch.environment, self._log, append=self.record.restart_count > 0)

    @property
    def running(self) -> bool:
        """Whether its main process exists now."""
        return self._process is not None

    @contextlib.contextmanager
    def _running_process(self, process: SandboxProcess) -> Iterator[None]:
        self._process, self._out_of_memory = process, False
        if self._stopping:
            process.terminate()
        try:
            with self._services.logs.being_written(self._log):
                yield
        finally:
            self._process = None

    def started(self) -> None:
        """Take notice that its startup probe has succeeded, or that it has none."""
        self._update(started=True, ready="readinessProbe" not in self._declared)

    def readiness(self, ready: bool) -> None:
        """Take notice of a verdict of its readiness probe."""
        self._update(ready=ready)

    async def unhealthy(self, kind: str, probe: JsonObject) -> None:
        """End the process because a probe failed: SIGTERM, the grace period, SIGKILL."""
        process, name = self._process, self.record.name
        if process is None:
            return
        self._event("Unhealthy", f"{kind.capitalize()} probe failed", kind="Warning")
        self._event("Killing", f"Container {name} failed {kind} probe, will be restarted")
        process.terminate()
        await asyncio.sleep(
            probe.get("terminationGracePeriodSeconds", self._pod["spec"]["terminationGracePeriodSeconds"])
        )
        process.kill()

    @contextlib.contextmanager
    def _probed(self, launch: Launch, process: SandboxProcess) -> Iterator[None]:
        target = probes.ProbeTarget(self._pod["status"]["podIP"], process.pid, self._declared, launch.environment)
        probing = asyncio.create_task(probes.watch(target, self))
        try:
            yield
        finally:
            probing.cancel()

    def _memory_limited(self, process: SandboxProcess) -> contextlib.AbstractContextManager[None]:
        limit = self._declared.get("resources", {}).get("limits", {}).get("memory")
        if limit is None:
            return contextlib.nullcontext()

        def exceeded() -> None:
            self._out_of_memory = True
            self._event("OOMKilling", f"Memory limit {limit} exceeded by container {self.record.name}", kind="Warning")
            process.kill()

        return self._services.memory.guard(process.pid, int(quantity(limit)), exceeded)

    def _terminated(self, code: int, launch: Launch, started: datetime, identity: str) -> Terminated:
        policy = self._declared["terminationMessagePolicy"]
        message = termination_message(launch.termination_file, self._log, policy, failed=code != 0)
        reason = "OOMKilled" if self._out_of_memory else "Error" if code else "Completed"
        return Terminated(code, reason, message, started, datetime.now(UTC), identity)

    def _ended(self, terminated: Terminated) -> Terminated:
        self._update(state=terminated, started=False, ready=False)
        return terminated

    def _update(self, **changes: Any) -> None:
        self.record = replace(self.record, **changes)
        self._changed()

    def _event(self, reason: str, message: str, kind: str = "Normal") -> None:
        self._services.events.record(self._pod, reason, message, kind, self.record.name)


async def _wait_or_kill(process: SandboxProcess) -> int:
    """Wait for the exit code; when cancelled, kill the process tree and return that exit code."""
    try:
        return await process.wait()
    except asyncio.CancelledError:
        process.kill()
        return await process.wait()
