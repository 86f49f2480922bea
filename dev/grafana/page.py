"""A dashboard as it is put together here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import (
    AnnotationQuery,
    DashboardCursorSync,
    DashboardLinkType,
    VariableRefresh,
    VariableSort,
)

from dev.grafana.panels import PROMETHEUS, Panel

TAG = "ingestion"
"""All dashboards with it link to each other."""


@dataclass(frozen=True)
class Row:
    """Panels under a question."""

    title: str
    panels: Sequence[Panel]


@dataclass(frozen=True)
class Mark(Builder[AnnotationQuery]):
    """Vertical lines at moments that are the values of series, in milliseconds."""

    title: str
    expr: str
    text: str
    colour: str

    def build(self) -> AnnotationQuery:
        """Return it as the library knows it."""
        return _Moments(self)


class _Moments(AnnotationQuery):
    """Adds what the library has no notion of."""

    def __init__(self, mark: Mark) -> None:
        super().__init__(name=mark.title, datasource=PROMETHEUS, icon_color=mark.colour, expr=mark.expr)
        self._text = mark.text

    def to_json(self) -> dict[str, object]:
        return {**super().to_json(), "titleFormat": self._text, "useValueForTime": True}


def variable(name: str, label: str, series: str, shown: str) -> dashboard.QueryVariable:
    """A choice among the values that a label of a series has."""
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .datasource(PROMETHEUS)
        .query({"query": f"label_values({series}, {shown})", "refId": name})
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
    )


def page(
    uid: str,
    title: str,
    description: str,
    *,
    since: str,
    head: Sequence[Panel],
    rows: Sequence[Row],
    variables: Sequence[dashboard.QueryVariable] = (),
    marks: Sequence[Mark] = (),
) -> str:
    """Return a dashboard as JSON.

    Args:
        uid: by which links find it.
        title: its name in Grafana.
        description: what it is for.
        since: how far back it looks at first, as in `now-3h`.
        head: panels above the first row.
        rows: the rest.
        variables: what its user chooses, besides the data source.
        marks: events over all panels.
    """
    built = (
        dashboard.Dashboard(title)
        .uid(uid)
        .description(description)
        .tags([TAG])
        .time(since, "now")
        .refresh("30s")
        .timezone("browser")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .link(
            dashboard.DashboardLink("Ingestion")
            .type(DashboardLinkType.DASHBOARDS)
            .tags([TAG])
            .keep_time(True)
            .include_vars(True)
        )
        .with_variable(dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus"))
    )
    for choice in variables:
        built = built.with_variable(choice)
    for mark in marks:
        built = built.annotation(mark)
    for panel in head:
        built = built.with_panel(panel)
    for row in rows:
        built = built.with_row(dashboard.Row(row.title).collapsed(False))
        for panel in row.panels:
            built = built.with_panel(panel)
    return json.dumps(built.build(), cls=JSONEncoder, indent=2, sort_keys=True) + "\n"
