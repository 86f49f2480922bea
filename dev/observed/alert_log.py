"""Writes down when alerts begin to pend, fire and clear."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread

from dev.prometheus import Alert, Prometheus

CLEARED = "cleared"
_LOOK_EVERY_SECONDS = 0.5

Say = Callable[[str], None]


@dataclass(frozen=True)
class Change:
    """An alert that is in another state than before, `t` seconds after the log began."""

    t: float
    alert: str
    state: str


class AlertLog:
    """The changes so far."""

    def __init__(self, prometheus: Prometheus, say: Say) -> None:
        self._prometheus = prometheus
        self._say = say
        self._began = time.monotonic()
        self._states: Mapping[str, str] = {}
        self.changes: list[Change] = []

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep it, in a thread of its own, until the block is left."""
        over = Event()
        thread = Thread(target=self._keep, args=(over,), name="alert-log")
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def fired_and_cleared(self) -> set[str]:
        """Return the alerts that have fired, and do not any more."""
        fired = {change.alert for change in self.changes if change.state == "firing"}
        return {name for name in fired if self._states.get(name, CLEARED) == CLEARED}

    def fires(self, alert: str) -> bool:
        """Whether an alert fires now."""
        return self._states.get(alert) == "firing"

    def _keep(self, over: Event) -> None:
        while not over.wait(_LOOK_EVERY_SECONDS):
            self._note(self._prometheus.alerts())

    def _note(self, alerts: list[Alert]) -> None:
        now = time.monotonic() - self._began
        states: dict[str, str] = {}
        for alert in alerts:
            if states.get(alert.name) != "firing":
                states[alert.name] = alert.state
        for name in sorted({*states, *self._states}):
            state = states.get(name, CLEARED)
            if state != self._states.get(name, CLEARED):
                self.changes.append(Change(now, name, state))
                if state != "pending":
                    self._say(f"      alert {name}: {state}")
        self._states = states
