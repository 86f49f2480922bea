"""Startup, liveness and readiness probes: HTTP, TCP or a command, with the thresholds of Kubernetes."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import aiohttp

from dev.cluster.node.api import JsonObject


@dataclass(frozen=True)
class ProbeTarget:
    """The container that is probed: its pod's address, its main process, and the environment of commands in it."""

    address: str
    pid: int
    declared: JsonObject
    environment: Mapping[str, str]


class Probed(Protocol):
    """A container, told what its probes have found."""

    def started(self) -> None:
        """The startup probe has succeeded, or there is none."""

    def readiness(self, ready: bool) -> None:
        """The readiness probe has come to a verdict."""

    async def unhealthy(self, kind: str, probe: JsonObject) -> None:
        """The startup or liveness probe has failed too often: the container is to end."""


async def watch(target: ProbeTarget, probed: Probed) -> None:
    """Follow the container's probes for ever, the others once the startup probe has succeeded, as a kubelet does."""
    startup = target.declared.get("startupProbe")
    if startup and not await anext(_verdicts(startup, target)):
        await probed.unhealthy("startup", startup)
        return
    probed.started()
    async with asyncio.TaskGroup() as group:
        if readiness := target.declared.get("readinessProbe"):
            group.create_task(_watch_readiness(readiness, target, probed))
        if liveness := target.declared.get("livenessProbe"):
            group.create_task(_watch_liveness(liveness, target, probed))


async def _watch_readiness(probe: JsonObject, target: ProbeTarget, probed: Probed) -> None:
    async for ready in _verdicts(probe, target):
        probed.readiness(ready)


async def _watch_liveness(probe: JsonObject, target: ProbeTarget, probed: Probed) -> None:
    async for alive in _verdicts(probe, target):
        if not alive:
            await probed.unhealthy("liveness", probe)
            return


async def _verdicts(probe: JsonObject, target: ProbeTarget) -> AsyncIterator[bool]:
    """Probe for ever; yield an outcome when it has come as often in a row as its threshold says."""
    thresholds = {True: probe.get("successThreshold", 1), False: probe.get("failureThreshold", 3)}
    last, in_a_row = None, 0
    await asyncio.sleep(probe.get("initialDelaySeconds", 0))
    while True:
        outcome = await _attempt(probe, target)
        last, in_a_row = outcome, in_a_row + 1 if outcome == last else 1
        if in_a_row == thresholds[outcome]:
            yield outcome
        await asyncio.sleep(probe.get("periodSeconds", 10))


async def _attempt(probe: JsonObject, target: ProbeTarget) -> bool:
    try:
        async with asyncio.timeout(probe.get("timeoutSeconds", 1)):
            if action := probe.get("httpGet"):
                return await _http_get(action, target)
            if action := probe.get("tcpSocket"):
                return await _tcp_socket(action, target)
            return await _execute(probe["exec"], target)
    except (OSError, TimeoutError, aiohttp.ClientError):
        return False


async def _http_get(action: JsonObject, target: ProbeTarget) -> bool:
    scheme = action.get("scheme", "HTTP").lower()
    path = action.get("path", "/")
    url = f"{scheme}://{action.get('host', target.address)}:{_port(action, target)}{path}"
    headers = {header["name"]: header["value"] for header in action.get("httpHeaders", ())}
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=False)) as session,
        session.get(url, headers=headers) as response,
    ):
        return 200 <= response.status < 400


async def _tcp_socket(action: JsonObject, target: ProbeTarget) -> bool:
    _, writer = await asyncio.open_connection(action.get("host", target.address), _port(action, target))
    writer.close()
    return True


async def _execute(action: JsonObject, target: ProbeTarget) -> bool:
    # An ordinary user owns the sandbox's user namespace, and must enter it to be allowed into the others.
    user = [] if os.geteuid() == 0 else ["--user", "--preserve-credentials"]
    process = await asyncio.create_subprocess_exec(
        "nsenter",
        f"--target={target.pid}",
        "--mount",
        "--pid",
        *user,
        "--",
        *action["command"],
        env=dict(target.environment),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        return await process.wait() == 0
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()


def _port(action: JsonObject, target: ProbeTarget) -> int:
    port: int | str = action["port"]
    if isinstance(port, int):
        return port
    named = {declared.get("name"): declared["containerPort"] for declared in target.declared.get("ports", ())}
    return int(named.get(port, port))
