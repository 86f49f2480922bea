"""Runs that went without a word are forgotten, every now and then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from ingestion_operator.controller import Controller

SWEEP_SECONDS = 600.0
"""Between two looks at which runs there are; as long at the most, metrics tell of a run that is gone."""


@asynccontextmanager
async def sweeping(controller: Controller, seconds: float = SWEEP_SECONDS) -> AsyncIterator[None]:
    """Let the controller forget runs that are gone, until the block is left."""
    task = asyncio.create_task(_sweep(controller, seconds), name="sweep")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _sweep(controller: Controller, seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        await controller.forget_vanished()
