"""Reads what there is: of the operator's process from this machine, of the objects from etcd itself."""

from __future__ import annotations

import base64
import json
import ssl
import urllib.request
from typing import Any

import psutil

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
        self._etcd = _Etcd(cluster)

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
        objects = count_objects(self._etcd.keys_but_events(), self._etcd.events())
        return Sample(seconds, runs, resting, memory, files, threads, series, objects)


class _Etcd:
    """What the API server keeps, asked past it."""

    def __init__(self, cluster: Cluster) -> None:
        pki = cluster.folder / "pki"
        self._context = ssl.create_default_context(cafile=str(pki / "ca.crt"))
        self._context.load_cert_chain(pki / "admin.crt", pki / "admin.key")
        self._url = f"{cluster.control_plane.etcd}/v3/kv/range"

    def keys_but_events(self) -> list[str]:
        """Return the keys of all objects of all kinds but events."""
        parts = (("/registry/", _EVENTS), (_after(_EVENTS), _after("/registry/")))
        answers = [self._range(first, end, keys_only=True) for first, end in parts]
        return [base64.b64decode(each["key"]).decode() for answer in answers for each in answer.get("kvs", ())]

    def events(self) -> int:
        """Return how many events there are."""
        return int(self._range(_EVENTS, _after(_EVENTS), count_only=True).get("count", 0))

    def _range(self, first: str, end: str, **options: bool) -> dict[str, Any]:
        """Ask for the keys from the first to before the end; etcd leaves out of its answer what is zero."""
        body = json.dumps({"key": _encoded(first), "range_end": _encoded(end), **options}).encode()
        request = urllib.request.Request(self._url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, context=self._context, timeout=_TIMEOUT_SECONDS) as answer:
            found: dict[str, Any] = json.load(answer)
        return found


def _after(prefix: str) -> str:
    """Return the end of the range of all keys with a prefix."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


def _encoded(key: str) -> str:
    return base64.b64encode(key.encode()).decode()
