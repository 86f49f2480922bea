"""Gauges of runs, computed when they are scraped, so that they vanish with the run."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from ingestion_operator.clock import Clock
from ingestion_operator.telemetry import names
from ingestion_operator.telemetry.names import MetricName, RunState
from ingestion_operator.telemetry.readings import Reading, SeenRun, readings


class RunsCollector(Collector):
    """Reads all runs at each scrape. It is called from the threads of the metrics server."""

    def __init__(self, runs: Callable[[], Iterable[SeenRun]], clock: Clock) -> None:
        self._runs = runs
        self._clock = clock
        self._ended: dict[str, tuple[str, tuple[Reading, ...]]] = {}

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield every metric of runs, also those that no run has a value for."""
        values: dict[MetricName, list[tuple[list[str], float]]] = defaultdict(list)
        states: Counter[str] = Counter()
        for seen, read in self._read():
            meta = seen.raw["metadata"]
            for reading in read:
                values[reading.metric].append(([meta["namespace"], meta["name"], *reading.labels], reading.value))
                if reading.metric is names.RUN_STATE:
                    states.update(reading.labels)
        values[names.RUNS] = [([state], states[state]) for state in RunState]
        for metric in names.OF_RUNS:
            family = GaugeMetricFamily(metric.name, metric.meaning, labels=metric.labels)
            for labels, value in values[metric]:
                family.add_metric(labels, value)
            yield family

    def _read(self) -> Iterator[tuple[SeenRun, Sequence[Reading]]]:
        """Yield each run with its readings; those of one that has ended are kept, since most runs have."""
        now, known, ended = self._clock(), self._ended, {}
        for seen in self._runs():
            uid, version = seen.raw["metadata"]["uid"], seen.raw["metadata"].get("resourceVersion", "")
            kept = known.get(uid)
            read = kept[1] if kept is not None and kept[0] == version else tuple(readings(seen, now))
            if any(reading.metric is names.RUN_COMPLETION for reading in read):
                ended[uid] = version, read
            yield seen, read
        self._ended = ended
