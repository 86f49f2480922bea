"""Gauges of runs, computed when they are scraped, so that they vanish with the run."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from ingestion_operator.clock import Clock
from ingestion_operator.telemetry import names
from ingestion_operator.telemetry.names import MetricName, RunState
from ingestion_operator.telemetry.readings import SeenRun, readings


class RunsCollector(Collector):
    """Reads all runs at each scrape. It is called from the threads of the metrics server."""

    def __init__(self, runs: Callable[[], Iterable[SeenRun]], clock: Clock) -> None:
        self._runs = runs
        self._clock = clock

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield every metric of runs, also those that no run has a value for."""
        values: dict[MetricName, list[tuple[list[str], float]]] = defaultdict(list)
        states: Counter[str] = Counter()
        now = self._clock()
        for seen in self._runs():
            meta = seen.raw["metadata"]
            for reading in readings(seen, now):
                values[reading.metric].append(([meta["namespace"], meta["name"], *reading.labels], reading.value))
                if reading.metric is names.RUN_STATE:
                    states.update(reading.labels)
        values[names.RUNS] = [([state], states[state]) for state in RunState]
        for metric in names.OF_RUNS:
            family = GaugeMetricFamily(metric.name, metric.meaning, labels=metric.labels)
            for labels, value in values[metric]:
                family.add_metric(labels, value)
            yield family
