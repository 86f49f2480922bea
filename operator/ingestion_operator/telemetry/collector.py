"""Gauges of runs, computed when they are scraped, so that they vanish with the run."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from ingestion_operator.clock import Clock
from ingestion_operator.observe.packed import PackedRun
from ingestion_operator.telemetry import names
from ingestion_operator.telemetry.names import MetricName, RunState
from ingestion_operator.telemetry.readings import Reading, SeenRun, readings


class RunsCollector(Collector):
    """Reads all runs at each scrape. It is called from the threads of the metrics server."""

    def __init__(self, runs: Callable[[], Iterable[SeenRun]], clock: Clock) -> None:
        self._runs = runs
        self._clock = clock
        self._ended: dict[str, tuple[int, tuple[Reading, ...]]] = {}

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield every metric of runs, also those that no run has a value for."""
        found: dict[MetricName, list[tuple[PackedRun, Reading]]] = defaultdict(list)
        states: Counter[str] = Counter()
        for run, read in self._read():
            for reading in read:
                found[reading.metric].append((run, reading))
                if reading.metric is names.RUN_STATE:
                    states.update(reading.labels)
        for metric in names.OF_RUNS:
            # One at a time, and labels made only now: those of all metrics of thousands of runs are many megabytes.
            yield _family(metric, _counts(states) if metric is names.RUNS else _labelled(found.pop(metric, ())))

    def _read(self) -> Iterator[tuple[PackedRun, Sequence[Reading]]]:
        """Yield each run with its readings; those of one that has ended are kept, since most runs have."""
        now, known, ended = self._clock(), self._ended, {}
        for seen in self._runs():
            uid, version = seen.run.uid, seen.run.version
            kept = known.get(uid)
            read = kept[1] if kept is not None and kept[0] == version else tuple(readings(seen, now))
            if any(reading.metric is names.RUN_COMPLETION for reading in read):
                ended[uid] = version, read
            yield seen.run, read
        self._ended = ended


_Values = Iterable[tuple[Sequence[str], float]]


def _counts(states: Mapping[str, int]) -> _Values:
    return (((state,), states.get(state, 0)) for state in RunState)


def _labelled(found: Iterable[tuple[PackedRun, Reading]]) -> _Values:
    return (((run.namespace, run.name, *reading.labels), reading.value) for run, reading in found)


def _family(metric: MetricName, values: _Values) -> GaugeMetricFamily:
    family = GaugeMetricFamily(metric.name, metric.meaning, labels=metric.labels)
    for labels, value in values:
        family.add_metric(labels, value)
    return family
