"""A scraper that counts how it goes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ingestion_operator.observe.pods import Pod
from ingestion_operator.observe.scrape import Scraper
from ingestion_operator.observe.worker_sample import WorkerSample
from ingestion_operator.telemetry.metrics import Metrics


class CountingScraper:
    """Lets another scraper read the workers' metrics, and counts how many answered."""

    def __init__(self, scraper: Scraper, metrics: Metrics) -> None:
        self._scraper = scraper
        self._metrics = metrics

    async def scrape(self, pods: Iterable[Pod]) -> Mapping[str, WorkerSample]:
        """Return the samples by pod uid; a pod that does not answer well is left out."""
        asked = tuple(pods)
        answers = await self._scraper.scrape(asked)
        self._metrics.count_scrapes(asked=len(asked), answered=len(answers))
        return answers
