"""Running the operator until it is asked to stop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import aiohttp
import kopf

from ingestion_operator import handlers
from ingestion_operator.clock import system_clock
from ingestion_operator.controller import Controller
from ingestion_operator.kube import ApiError, Kube
from ingestion_operator.observe.scrape import HttpScraper
from ingestion_operator.reconciler import Settings
from ingestion_operator.resources import RUNS
from ingestion_operator.settings import kopf_settings
from ingestion_operator.sweep import sweeping
from ingestion_operator.telemetry.counting import CountingScraper
from ingestion_operator.telemetry.server import Endpoint, serve

_logger = logging.getLogger(__name__)
_POLL_SECONDS = 2.0


async def run(
    settings: Settings, namespaces: Sequence[str], liveness_endpoint: str | None, metrics_endpoint: Endpoint | None
) -> None:
    """Watch the runs of the namespaces, or of all if none is named, and drive them.

    Raises:
        CannotServe: the metrics' address is taken, or is not this machine's.
    """
    async with await Kube.connect() as kube:
        scraper = HttpScraper(system_clock)
        controller = Controller(kube, CountingScraper(scraper, settings.metrics), settings, system_clock)
        with serve(metrics_endpoint, settings.metrics.registry):
            await _wait_for_crd(kube)
            registry = kopf.OperatorRegistry()
            handlers.register(registry, controller)
            try:
                async with sweeping(controller):
                    await kopf.operator(
                        registry=registry,
                        settings=kopf_settings(),
                        namespaces=namespaces,
                        clusterwide=not namespaces,
                        standalone=True,
                        liveness_endpoint=liveness_endpoint,
                    )
            finally:
                await controller.stop()
                await scraper.close()


async def _wait_for_crd(kube: Kube) -> None:
    told = ""
    while (missing := await _missing(kube)) is not None:
        if missing != told:
            _logger.warning("waiting: %s", missing)
            told = missing
        await asyncio.sleep(_POLL_SECONDS)


async def _missing(kube: Kube) -> str | None:
    """Return what is not there yet, if anything."""
    try:
        if await kube.serves(RUNS):
            return None
    except (ApiError, aiohttp.ClientError, TimeoutError) as problem:
        return f"the API server does not answer: {problem}"
    return f"the API server does not know {RUNS.plural}.{RUNS.group} yet: apply the CRD"
