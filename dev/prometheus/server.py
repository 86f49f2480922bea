"""A Prometheus server as a child process, and what it is asked."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import yaml

from dev.cluster.processes import free_port

_READY_WITHIN_SECONDS = 60.0
_ANSWERS_WITHIN_SECONDS = 10.0

Config = Mapping[str, Any]


class NotReady(RuntimeError):
    """Prometheus does not run; the message has its log."""


class QueryRefused(Exception):
    """Prometheus does not take an expression; the message has its words."""


@dataclass(frozen=True)
class Series:
    """A series of an answer: its labels, and its values as pairs of Unix time and number."""

    labels: Mapping[str, str]
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Alert:
    """An alert that is not silent: `pending`, or `firing`."""

    name: str
    state: str
    labels: Mapping[str, str]


class Prometheus:
    """A server that scrapes and evaluates every second or two, with its data in a folder."""

    def __init__(
        self, folder: Path, scrape_configs: Sequence[Config], groups: Sequence[Config] = (), *, every_seconds: int = 1
    ) -> None:
        every = f"{every_seconds}s"
        folder.mkdir(parents=True, exist_ok=True)
        rules = folder / "rules.yaml"
        rules.write_text(yaml.safe_dump({"groups": list(groups)}), encoding="utf-8")
        config = {
            "global": {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every},
            "rule_files": [str(rules)],
            "scrape_configs": list(scrape_configs),
        }
        self._config = folder / "prometheus.yaml"
        self._config.write_text(yaml.safe_dump(config), encoding="utf-8")
        self._folder = folder
        self._port = free_port()

    @property
    def url(self) -> str:
        """Where it is to be seen."""
        return f"http://127.0.0.1:{self._port}"

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run it for a while.

        Raises:
            NotReady: it ended, or is not ready within a minute; the message has its log.
        """
        command = [
            "prometheus",
            f"--config.file={self._config}",
            f"--storage.tsdb.path={self._folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self._port}",
            "--log.level=warn",
        ]
        with (self._folder / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
            try:
                self._wait_until_ready(process)
                yield
            finally:
                process.terminate()

    def alerts(self) -> list[Alert]:
        """Return the alerts that are pending or fire now."""
        return [
            Alert(found["labels"]["alertname"], found["state"], found["labels"])
            for found in self._ask("alerts")["alerts"]
        ]

    def firing(self) -> dict[str, Mapping[str, str]]:
        """Return the labels of the alerts that fire now, by their names."""
        return {alert.name: alert.labels for alert in self.alerts() if alert.state == "firing"}

    def targets(self) -> dict[str, list[str]]:
        """Return how each target answered the last time (`up`, `down`, `unknown`), by job."""
        found: dict[str, list[str]] = {}
        for target in self._ask("targets", state="active")["activeTargets"]:
            found.setdefault(target["labels"]["job"], []).append(target["health"])
        return found

    def now(self, expr: str) -> list[Series]:
        """Return what an expression is now.

        Raises:
            QueryRefused: it cannot be evaluated.
        """
        answer = self._ask("query", query=expr)
        if answer["resultType"] == "scalar":
            return [Series({}, [_point(answer["result"])])]
        return [Series(found["metric"], [_point(found["value"])]) for found in answer["result"]]

    def over_time(self, expr: str, start: float, end: float, step: float) -> list[Series]:
        """Return what an expression was, from a Unix time to another, every `step` seconds.

        Raises:
            QueryRefused: it cannot be evaluated.
        """
        answer = self._ask("query_range", query=expr, start=str(start), end=str(end), step=str(step))
        return [Series(found["metric"], [*map(_point, found["values"])]) for found in answer["result"]]

    def _ask(self, what: str, **parameters: str) -> Any:
        address = f"{self.url}/api/v1/{what}?{urlencode(parameters)}"
        try:
            with urlopen(address, timeout=_ANSWERS_WITHIN_SECONDS) as answer:
                return json.load(answer)["data"]
        except HTTPError as refused:
            raise QueryRefused(f"{parameters.get('query', what)}: {json.load(refused)['error']}") from refused

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        ends = monotonic() + _READY_WITHIN_SECONDS
        while True:
            try:
                urlopen(f"{self.url}/-/ready", timeout=_ANSWERS_WITHIN_SECONDS).close()
                return
            except URLError:
                if monotonic() > ends or process.poll() is not None:
                    raise NotReady((self._folder / "log").read_text(encoding="utf-8")) from None
                sleep(0.1)


def _point(pair: Sequence[Any]) -> tuple[float, float]:
    return float(pair[0]), float(pair[1])
