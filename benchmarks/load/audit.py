"""What an operator asks of the API server, as the API server's own audit log has it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

WATCH = "watch"


@dataclass(frozen=True)
class Request:
    """One request; `at` is when it came, in seconds since 1970. A watch is one when it begins and one when it ends."""

    at: float
    verb: str
    resource: str
    name: str


class AuditLog:
    """The requests of one service account, read on from where the log was read before."""

    def __init__(self, path: Path, account: str) -> None:
        self._path = path
        self._account = account
        self._position = 0
        self._rest = b""
        self._seen: list[Request] = []

    def requests(self) -> list[Request]:
        """Return all requests until now, in the order in which they were answered."""
        with self._path.open("rb") as log:
            log.seek(self._position)
            content = self._rest + log.read()
            self._position = log.tell()
        *lines, self._rest = content.split(b"\n")
        self._seen += parse(lines, self._account)
        return self._seen


def parse(lines: Iterable[bytes], account: str) -> Iterator[Request]:
    """Yield the requests of an account."""
    for line in lines:
        event: dict[str, Any] = json.loads(line)
        if event["user"]["username"] != account:
            continue
        about = event.get("objectRef", {})
        parts = filter(None, (about.get("resource", event["requestURI"]), about.get("subresource")))
        at = datetime.fromisoformat(event["requestReceivedTimestamp"]).timestamp()
        yield Request(at, event["verb"], "/".join(parts), about.get("name", ""))


def count(requests: Iterable[Request], since: float, until: float) -> dict[str, int]:
    """Return how many requests of each kind, as in `list jobs`, came in a time; watches are none."""
    kinds = Counter(
        f"{each.verb} {each.resource}" for each in requests if each.verb != WATCH and since <= each.at < until
    )
    return dict(kinds.most_common())


def first(requests: Iterable[Request], verb: str, resource: str, name: str) -> float | None:
    """Return when an object was first asked for in this way; its name may be the beginning of the object's."""
    return next((r.at for r in requests if (r.verb, r.resource) == (verb, resource) and r.name.startswith(name)), None)
