"""Reading metrics as Prometheus does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from socket import socket

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from ingestion_operator.telemetry.server import PATH, Endpoint, serve

Page = dict[tuple[str, frozenset[tuple[str, str]]], float]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextmanager
def served(registry: CollectorRegistry) -> Iterator[int]:
    """Serve a registry for a while; yields the port."""
    port = free_port()
    with serve(Endpoint("127.0.0.1", port), registry):
        yield port


def fetch(port: int) -> str:
    """Fetch the metrics page."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("GET", PATH)
        answer = connection.getresponse()
        assert answer.status == 200
        return answer.read().decode()


class Metrics:
    """What stands on the page that is served from a registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        text = generate_latest(registry).decode()
        self.families = {family.name: family for family in text_string_to_metric_families(text)}
        self._page: Page = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in self.families.values()
            for sample in family.samples
        }

    def value(self, name: str, **labels: str) -> float | None:
        """The value of a series; None where there is no such series."""
        return self._page.get((name, frozenset(labels.items())))

    def of_run(self, name: str, run: str = "talks", **labels: str) -> float | None:
        """The value of a series of a run, its name without the prefix."""
        return self.value(f"ingestion_operator_run_{name}", namespace="default", run=run, **labels)

    def with_label(self, label: str, value: str) -> set[str]:
        """Names of the series that have a label of this value."""
        return {name for name, labels in self._page if (label, value) in labels}
