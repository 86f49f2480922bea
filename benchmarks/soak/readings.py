"""Reads what there is: of the operator's process from this machine, of the objects from etcd itself."""

from __future__ import annotations

import urllib.request

import psutil

from benchmarks.etcd import after, connected
from benchmarks.soak.sample import Sample, count_objects, count_series
from dev.cluster import Cluster
from dev.installation import Installation

METRICS_PORT = 8081
_TIMEOUT_SECONDS = 30.0
_EVENTS = "/registry/events/"


class Readings:
    """Takes samples of the operator and of the objects of its cluster."""

    def __init__(self, cluster: Cluster, operator: Installation) -> None:
        self._process = psutil.Process(operator.pid)
        self._page = f"http://{operator.address}:{METRICS_PORT}/metrics"
        self._cluster = cluster

    def sample(self, seconds: float, runs: int, *, resting: bool) -> Sample:
        """Return what there is now.

        Raises:
            psutil.NoSuchProcess: the operator's process has ended.
            OSError: the operator's metrics, or etcd, did not answer.
        """
        with self._process.oneshot():
            memory, files = self._process.memory_info().rss, self._process.num_fds()
            threads = self._process.num_threads()
        with urllib.request.urlopen(self._page, timeout=_TIMEOUT_SECONDS) as answer:
            series = count_series(answer.read().decode())
        return Sample(seconds, runs, resting, memory, files, threads, series, _objects(self._cluster))


def _objects(cluster: Cluster) -> dict[str, int]:
    """Return how many objects there are, by kind."""
    with connected(cluster) as etcd:
        keys = [*etcd.keys("/registry/", _EVENTS), *etcd.keys(after(_EVENTS), after("/registry/"))]
        return count_objects(keys, etcd.count(_EVENTS, after(_EVENTS)))
