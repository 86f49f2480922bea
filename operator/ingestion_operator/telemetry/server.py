"""Serves the metrics over HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry, start_http_server

PATH = "/metrics"
_BARE_IPV6 = re.compile(r"^http://([0-9a-f]*:[0-9a-f:]*:[0-9a-f]*)(:\d+/)", re.IGNORECASE)


class CannotServe(Exception):
    """Nothing can be served at an address; the message says why."""


@dataclass(frozen=True)
class Endpoint:
    """An address to serve metrics at."""

    host: str
    port: int

    @classmethod
    def parse(cls, url: str) -> Endpoint:
        """Read a URL, as in `http://0.0.0.0:8081/metrics`.

        Raises:
            ValueError: this is no such URL.
        """
        found = address_of(url)
        if found is None or urlsplit(with_brackets(url)).path != PATH:
            raise ValueError(f"{url} is no address for metrics: write it as http://0.0.0.0:8081{PATH}")
        return cls(*found)


def address_of(url: str) -> tuple[str, int] | None:
    """Return host and port of a URL to serve at; None if that is not what it is."""
    try:
        parts = urlsplit(with_brackets(url))
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    return (host, port) if parts.scheme == "http" and host and port else None


def with_brackets(url: str) -> str:
    """Return a URL whose address of IPv6 has its brackets: Kubernetes puts $(POD_IP) in without them."""
    return _BARE_IPV6.sub(r"http://[\1]\2", url)


@contextmanager
def serve(endpoint: Endpoint | None, registry: CollectorRegistry) -> Iterator[None]:
    """Serve the registry's metrics, in threads of their own, until the block is left; with no endpoint, nowhere.

    Raises:
        CannotServe: the address is taken, or is not this machine's.
    """
    if endpoint is None:
        yield
        return
    try:
        server, thread = start_http_server(endpoint.port, endpoint.host, registry)
    except OSError as problem:
        raise CannotServe(f"no metrics can be served at {endpoint.host}:{endpoint.port}: {problem}") from problem
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
