"""Pages and runbooks name rows, panels and thresholds that dashboards and alerts have."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.docs.kit import ROOT

DOCS = ROOT / "docs"
DASHBOARDS = {
    board["title"]: board
    for path in (ROOT / "monitoring" / "dashboards").glob("*.json")
    for board in [json.loads(path.read_text(encoding="utf-8"))]
}
RUNBOOKS = sorted((DOCS / "runbooks").glob("*.md"))


def panels(inside: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for panel in inside.get("panels", ()):
        yield panel
        yield from panels(panel)


@pytest.mark.parametrize("path", RUNBOOKS, ids=lambda path: path.stem)
def test_a_runbook_leads_to_a_panel_that_is_there(path: Path) -> None:
    [(board, panel)] = re.findall(r"Dashboard \*(.+?)\*, panel \*(.+?)\*", path.read_text(encoding="utf-8"))

    assert panel in {found["title"] for found in panels(DASHBOARDS[board])}


@pytest.mark.parametrize("title", sorted(DASHBOARDS))
def test_the_rows_of_a_dashboard_are_told_in_their_order(title: str) -> None:
    page = (DOCS / "observability.md").read_text(encoding="utf-8")
    table = page.split(f"**{title}** (`/d/{DASHBOARDS[title]['uid']}", 1)[1].split("\n\n", 2)[1]
    told = re.findall(r"^\| ([A-Z][^|]+\?) \|", table, re.MULTILINE)

    assert told == [panel["title"] for panel in DASHBOARDS[title]["panels"] if panel["type"] == "row"]


@pytest.mark.parametrize(
    ("alert", "told", "rule"),
    [
        ("device-memory-above-target", "for ten minutes", "for: 10m"),
        ("gpu-idle-while-work-waits", "for less than 30 % of the time", "< 0.3"),
        ("operator-not-reconciling", "gone through for ten\nminutes", "[10m])) == 0"),
        ("operator-not-reconciling", "going on for more than five", "> 300"),
        ("run-stuck", "no audio heard for 45 minutes", "[45m]) > 0"),
        ("scrape-failures", "More than a fifth of the operator's readings", "> 0.2"),
        ("scrape-failures", "have failed for ten minutes", "for: 10m"),
        ("success-below-objective", "once ten videos are done", ">= 10"),
        ("success-below-objective", "silent again a day after the end", "> 86400"),
    ],
)
def test_a_runbook_tells_the_threshold_of_its_alert(alert: str, told: str, rule: str) -> None:
    assert told in (DOCS / "runbooks" / f"{alert}.md").read_text(encoding="utf-8")
    assert rule in (ROOT / "monitoring" / "alerts" / f"{alert}.yaml").read_text(encoding="utf-8")
