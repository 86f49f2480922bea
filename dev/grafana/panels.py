"""The few shapes that panels have here, each from a title, the question that it answers, and its queries."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from grafana_foundation_sdk.builders import common as look
from grafana_foundation_sdk.builders import dashboard, prometheus, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models.dashboard import (
    DataSourceRef,
    DataTransformerConfig,
    DynamicConfigValue,
    FieldColorModeId,
    GridPos,
    Threshold,
    ThresholdsMode,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from dev.grafana.alerts import runbooks

PROMETHEUS = DataSourceRef(type_val="prometheus", uid="${datasource}")
"""The data source that the dashboard's user has chosen."""

RED, ORANGE, GREEN, BLUE, TEXT = "red", "orange", "green", "blue", "text"


@dataclass(frozen=True)
class Query:
    """A PromQL expression, and what its series are called.

    Attributes:
        legend: with labels as in `{{state}}`.
        dashed: a line to compare with, rather than one of the things that are compared.
        unit: Grafana's, where it is another than the panel's; drawn on an axis of its own.
    """

    expr: str
    legend: str
    dashed: bool = False
    unit: str | None = None


@dataclass(frozen=True)
class Text:
    """What a panel says of itself.

    Attributes:
        title: from which its id is made, so that links to it hold as long as the title does.
        question: what it answers, and what a good answer is.
        alerts: those that it shows; their runbooks are named below the question.
    """

    title: str
    question: str
    alerts: tuple[str, ...] = ()

    @property
    def id(self) -> int:
        """Return the panel's id."""
        return zlib.crc32(self.title.encode()) % 1_000_000

    @property
    def description(self) -> str:
        """Return the question, and which alerts the panel shows, with their runbooks in the repository."""
        shown = "".join(f"\n\nAlert: {alert}\n\nRunbook: {runbooks()[alert]}" for alert in self.alerts)
        return self.question + shown


@dataclass(frozen=True)
class Size:
    """Of a panel, in the grid of 24 columns."""

    width: int
    height: int

    def at_once(self) -> GridPos:
        """Return a position that the dashboard fills in."""
        return GridPos(w=self.width, h=self.height)


Panel = timeseries.Panel | stat.Panel | statetimeline.Panel | table.Panel


def number(
    text: Text,
    query: Query,
    unit: str,
    limits: Sequence[tuple[float, str]] = (),
    *,
    base: str = TEXT,
    decimals: int = 0,
) -> stat.Panel:
    """A value as it is now, coloured from each limit on; `base` below the first one."""
    steps = [Threshold(None, base), *(Threshold(value, colour) for value, colour in limits)]
    panel = (
        stat.Panel()
        .id(text.id)
        .title(text.title)
        .description(text.description)
        .datasource(PROMETHEUS)
        .grid_pos(Size(3, 4).at_once())
        .unit(unit)
        .decimals(decimals)
        .thresholds(dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps))
        .color_mode(common.BigValueColorMode.VALUE)
        .graph_mode(common.BigValueGraphMode.NONE)
        .reduce_options(look.ReduceDataOptions().calcs(["lastNotNull"]))
        .no_value("-")
    )
    return panel.with_target(_target("A", query).instant())


def name(text: Text, query: Query) -> stat.Panel:
    """The legend of the one series that there is now."""
    return number(text, query, "short").text_mode(common.BigValueTextMode.NAME)


def lines(
    text: Text,
    queries: Sequence[Query],
    unit: str,
    size: Size = Size(8, 8),
    *,
    stacked: bool = False,
    most: float | None = None,
    lines_at: Sequence[tuple[float, str]] = (),
) -> timeseries.Panel:
    """Values over time, stacked where they are parts of a whole; `lines_at` draws levels across."""
    levels = [Threshold(None, GREEN), *(Threshold(value, colour) for value, colour in lines_at)]
    panel = (
        timeseries.Panel()
        .id(text.id)
        .title(text.title)
        .description(text.description)
        .datasource(PROMETHEUS)
        .grid_pos(size.at_once())
        .unit(unit)
        .min(0)
        .line_width(2)
        .fill_opacity(40 if stacked else 0)
        .show_points(common.VisibilityMode.NEVER)
        .color_scheme(dashboard.FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC))
        .legend(
            look.VizLegendOptions()
            .show_legend(True)
            .display_mode(common.LegendDisplayMode.LIST)
            .placement(common.LegendPlacement.BOTTOM)
        )
        .tooltip(look.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI).sort(common.SortOrder.DESCENDING))
    )
    if stacked:
        panel = panel.stacking(look.StackingConfig().mode(common.StackingMode.NORMAL).group("A"))
    if most is not None:
        panel = panel.max(most)
    if lines_at:
        panel = panel.thresholds(
            dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(levels)
        ).thresholds_style(look.GraphThresholdsStyleConfig().mode(common.GraphThresholdsStyleMode.DASHED))
    for letter, query in zip(_LETTERS, queries, strict=False):
        panel = panel.with_target(_target(letter, query).range())
        if properties := _apart(query):
            panel = panel.override_by_query(letter, properties)
    return panel


def states(text: Text, query: Query, size: Size = Size(12, 5), colour: str = BLUE) -> statetimeline.Panel:
    """A bar for each series, as long as it has a value."""
    return (
        statetimeline.Panel()
        .id(text.id)
        .title(text.title)
        .description(text.description)
        .datasource(PROMETHEUS)
        .grid_pos(size.at_once())
        .show_value(common.VisibilityMode.NEVER)
        .color_scheme(dashboard.FieldColor().mode(FieldColorModeId.FIXED).fixed_color(colour))
        .legend(
            look.VizLegendOptions()
            .show_legend(False)
            .display_mode(common.LegendDisplayMode.LIST)
            .placement(common.LegendPlacement.BOTTOM)
        )
        .row_height(0.8)
        .with_target(_target("A", query).range())
    )


@dataclass(frozen=True)
class Column:
    """A column of a table; its query's series have the labels by which the rows are joined.

    Without a title, the values are not shown, but what other labels the series have.
    """

    title: str
    expr: str
    unit: str = "short"


def rows(
    text: Text, labels: Sequence[str], columns: Sequence[Column], link: tuple[str, str], size: Size = Size(24, 8)
) -> table.Panel:
    """A row for each combination of labels; the last label's cells lead to `link`, its title and address."""
    panel = (
        table.Panel()
        .id(text.id)
        .title(text.title)
        .description(text.description)
        .datasource(PROMETHEUS)
        .grid_pos(size.at_once())
        .no_value("-")
    )
    names, hidden = {}, {"Time": True}
    for letter, column in zip(_LETTERS, columns, strict=False):
        panel = panel.with_target(_target(letter, Query(column.expr, "")).instant().format(PromQueryFormat.TABLE))
        value = f"Value #{letter}"
        if column.title:
            names[value] = column.title
            panel = panel.override_by_name(column.title, [DynamicConfigValue("unit", column.unit)])
        else:
            hidden[value] = True
    title, address = link
    return (
        panel.with_transformation(DataTransformerConfig(id_val="merge", options={}))
        .with_transformation(
            DataTransformerConfig(id_val="organize", options={"excludeByName": hidden, "renameByName": names})
        )
        .override_by_name(labels[-1], [DynamicConfigValue("links", [{"title": title, "url": address}])])
    )


_LETTERS = "ABCDEFGHIJ"


def _target(letter: str, query: Query) -> prometheus.Dataquery:
    return prometheus.Dataquery().ref_id(letter).expr(query.expr).legend_format(query.legend).datasource(PROMETHEUS)


def _apart(query: Query) -> list[DynamicConfigValue]:
    """Return what sets a query's lines apart from the others of its panel."""
    found: list[DynamicConfigValue] = []
    if query.dashed:
        stack: dict[str, Literal["none"]] = {"mode": "none"}
        found += [
            DynamicConfigValue("custom.lineStyle", {"fill": "dash", "dash": [8, 8]}),
            DynamicConfigValue("custom.fillOpacity", 0),
            DynamicConfigValue("custom.stacking", stack),
        ]
    if query.unit is not None:
        found += [DynamicConfigValue("unit", query.unit), DynamicConfigValue("custom.axisPlacement", "right")]
    return found
