"""Dashboards read back from their JSON, with Grafana's variables put in. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Target:
    """A query of a panel.

    Attributes:
        letter: by which the panel's overrides name it.
        instant: it asks for now, not for all of the time that is shown.
    """

    letter: str
    expr: str
    legend: str
    instant: bool


@dataclass(frozen=True)
class ReadPanel:
    """A panel as the file has it: `raw` is all of it."""

    raw: Mapping[str, Any]

    @property
    def title(self) -> str:
        """What stands above it."""
        return str(self.raw["title"])

    @property
    def kind(self) -> str:
        """The plugin that draws it; `row` for a heading."""
        return str(self.raw["type"])

    @property
    def targets(self) -> list[Target]:
        """Its queries."""
        return [
            Target(found["refId"], found["expr"], found["legendFormat"], bool(found["instant"]))
            for found in self.raw.get("targets", ())
        ]


def panels(text: str) -> list[ReadPanel]:
    """Return the panels of a dashboard, headings included, in their order."""
    return [ReadPanel(raw) for raw in json.loads(text)["panels"]]


def marks(text: str) -> Iterator[tuple[str, str]]:
    """Yield name and expression of each annotation of a dashboard."""
    for found in json.loads(text)["annotations"]["list"]:
        yield found["name"], found["expr"]


def concrete(expr: str, variables: Mapping[str, str], rate_seconds: float) -> str:
    """Return an expression with Grafana's variables put in, as Grafana does it before it asks Prometheus."""
    for name, value in {**variables, "__rate_interval": f"{rate_seconds:g}s"}.items():
        expr = expr.replace(f"${name}", value)
    return expr
