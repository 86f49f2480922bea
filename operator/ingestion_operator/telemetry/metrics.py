"""What the operator counts as it goes."""

from __future__ import annotations

from collections.abc import Callable

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from ingestion_operator.decision.decision import Verdict
from ingestion_operator.telemetry import names
from ingestion_operator.telemetry.names import ErrorKind, MetricName, ScrapeResult

prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]

_LOOK_BUCKETS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)


class Metrics:
    """The metrics of one operator and its process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        duration, longest = names.RECONCILE_DURATION, names.RECONCILE_LONGEST
        self._looks = Histogram(duration.name, duration.meaning, buckets=_LOOK_BUCKETS, registry=self.registry)
        self._longest = Gauge(longest.name, longest.meaning, registry=self.registry)
        self._errors = self._counter(names.RECONCILE_ERRORS)
        self._decisions = self._counter(names.DECISIONS)
        self._scrapes = self._counter(names.SCRAPES)
        # A series that begins at its first increment hides that increment from `rate`.
        for kind in ErrorKind:
            self._errors.labels(kind)
        for result in ScrapeResult:
            self._scrapes.labels(result)

    def count_look(self, seconds: float) -> None:
        """Count a look at a run that went through."""
        self._looks.observe(seconds)

    def count_error(self, kind: ErrorKind) -> None:
        """Count a look that did not."""
        self._errors.labels(kind).inc()

    def count_decision(self, change: Verdict) -> None:
        """Count a change of a lever."""
        self._decisions.labels(change.lever.value, change.reason).inc()

    def count_scrapes(self, *, asked: int, answered: int) -> None:
        """Count how many workers were asked for their metrics, and how many of them answered well."""
        self._scrapes.labels(ScrapeResult.SUCCESS).inc(answered)
        self._scrapes.labels(ScrapeResult.FAILURE).inc(asked - answered)

    def watch_longest_look(self, seconds: Callable[[], float]) -> None:
        """Ask at each scrape how long the longest of the looks that go on now has taken."""
        self._longest.set_function(seconds)

    def _counter(self, metric: MetricName) -> Counter:
        return Counter(metric.name, metric.meaning, metric.labels, registry=self.registry)
