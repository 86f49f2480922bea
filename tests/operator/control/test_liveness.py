"""What the kubelet is told when it asks whether the operator lives, as docs/troubleshooting.md has it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import aiohttp
import kopf
import pytest
from kopf._cogs.structs.ephemera import AnyMemo
from kopf._core.engines.probing import health_reporter

from ingestion_operator import handlers
from ingestion_operator.kube import Object, Resource
from tests.operator.control.test_controller import Operated


@asynccontextmanager
async def asked(operated: Operated) -> AsyncIterator[str]:
    """The address at which kopf answers for the controller, without the watches that `kopf.operator` would begin."""
    registry, ready = kopf.OperatorRegistry(), asyncio.Event()
    handlers.register(registry, operated.controller)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/healthz"
    serving = asyncio.create_task(
        health_reporter(
            url,
            memo=AnyMemo(object()),
            indices={},
            registry=registry,
            settings=kopf.OperatorSettings(),
            ready_flag=ready,
        )
    )
    await ready.wait()
    try:
        yield url
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


async def status_of(url: str) -> int:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status


@pytest.mark.parametrize(("patience", "status"), [(handlers.STUCK_AFTER_SECONDS, 200), (0.0, 500)])
async def test_a_look_that_hangs_for_too_long_is_no_life(
    monkeypatch: pytest.MonkeyPatch, patience: float, status: int
) -> None:
    operated, called = Operated(), asyncio.Event()

    async def hang(_resource: Resource, _body: Object) -> Object:
        called.set()
        return await asyncio.Event().wait()  # type: ignore[return-value]  # it never does

    monkeypatch.setattr(operated.kube, "create", hang)
    monkeypatch.setattr(handlers, "STUCK_AFTER_SECONDS", patience)
    operated.apply()
    await called.wait()
    async with asked(operated) as url:
        assert await status_of(url) == status
    await operated.controller.stop()
