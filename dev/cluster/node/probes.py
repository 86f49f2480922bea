"""Readiness probes: HTTP, TCP or a command, with the thresholds of Kubernetes."""

import asyncio
import contextlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import aiohttp

from dev.cluster.node.api import JsonObject


@dataclass(frozen=True)
class ProbeTarget:
    """The container that is probed: its pod's address, its main process, and the environment of commands in it."""

    address: str
    pid: int
    declared: JsonObject
    environment: Mapping[str, str]


async def watch_readiness(probe: JsonObject, target: ProbeTarget, report: Callable[[bool], None]) -> None:
    """Probe for ever, and report each change of readiness; a container starts as not ready."""
    ready = False
    agreeing = 0
    await asyncio.sleep(probe.get("initialDelaySeconds", 0))
    while True:
        outcome = await _attempt(probe, target)
        agreeing = agreeing + 1 if outcome != ready else 0
        threshold = probe.get("successThreshold", 1) if outcome else probe.get("failureThreshold", 3)
        if agreeing >= threshold:
            ready, agreeing = outcome, 0
            report(ready)
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
