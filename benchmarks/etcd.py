"""A cluster's etcd, asked and written to past the API server, with the administrator's certificate."""

from __future__ import annotations

import base64
import json
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http import HTTPStatus
from http.client import HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from dev.cluster import Cluster

_TIMEOUT_SECONDS = 60.0


class Etcd:
    """What the API server keeps, by its keys, as `/registry/pods/NAMESPACE/NAME`."""

    def __init__(self, connection: HTTPSConnection) -> None:
        self._connection = connection

    def put(self, key: str, value: str) -> None:
        """Store a value.

        Raises:
            OSError: etcd does not take it.
        """
        self._ask("put", {"key": _encoded(key), "value": _encoded(value)})

    def keys(self, first: str, end: str) -> list[str]:
        """Return the keys from the first to before the end.

        Raises:
            OSError: etcd does not answer well.
        """
        found = self._range(first, end, keys_only=True).get("kvs", ())
        return [base64.b64decode(each["key"]).decode() for each in found]

    def count(self, first: str, end: str) -> int:
        """Return how many keys there are from the first to before the end.

        Raises:
            OSError: etcd does not answer well.
        """
        return int(self._range(first, end, count_only=True).get("count", 0))

    def _range(self, first: str, end: str, **options: bool) -> dict[str, Any]:
        """Ask for a range; etcd leaves out of its answer what is zero."""
        return self._ask("range", {"key": _encoded(first), "range_end": _encoded(end), **options})

    def _ask(self, what: str, body: dict[str, Any]) -> dict[str, Any]:
        self._connection.request("POST", f"/v3/kv/{what}", json.dumps(body))
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != HTTPStatus.OK:
            raise OSError(f"etcd answers {answer.status}: {content[:200].decode(errors='replace')}")
        found: dict[str, Any] = json.loads(content)
        return found


@contextmanager
def connected(cluster: Cluster) -> Iterator[Etcd]:
    """Keep a connection to the cluster's etcd until the block is left."""
    pki = cluster.folder / "pki"
    context = ssl.create_default_context(cafile=str(pki / "ca.crt"))
    context.load_cert_chain(pki / "admin.crt", pki / "admin.key")
    where = urlsplit(cluster.control_plane.etcd)
    with closing(HTTPSConnection(where.netloc, timeout=_TIMEOUT_SECONDS, context=context)) as connection:
        yield Etcd(connection)


def after(prefix: str) -> str:
    """Return the end of the range of all keys with a prefix."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
