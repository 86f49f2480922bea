"""The files that Grafana reads: written from one source, and of the structure that it takes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from dev.grafana.alert_rules import DATA_SOURCE
from dev.grafana.alerts import FOLDER as ALERTS
from dev.write_grafana import ALERT_RULES, DASHBOARDS, ROOT, rendered

OF_A_GROUP = {"orgId", "name", "folder", "interval", "rules"}
OF_A_RULE = {
    "uid",
    "title",
    "condition",
    "data",
    "dashboardUid",
    "panelId",
    "noDataState",
    "execErrState",
    "for",
    "missing_series_evals_to_resolve",
    "annotations",
    "labels",
    "isPaused",
}
OF_A_QUERY = {"refId", "relativeTimeRange", "datasourceUid", "model"}
"""What Grafana's provisioning knows; it passes over what it does not, so that a wrong name would be silence."""

UID = re.compile(r"[a-zA-Z0-9_-]{1,40}")


def groups() -> list[dict[str, Any]]:
    file = yaml.safe_load(ALERT_RULES.read_text(encoding="utf-8"))
    assert file.keys() == {"apiVersion", "groups"}
    assert file["apiVersion"] == 1
    return list(file["groups"])


RULES = [rule for group in groups() for rule in group["rules"]]


def of_prometheus(alert: str) -> dict[str, Any]:
    (rule,) = (
        found
        for path in ALERTS.glob("*.yaml")
        for found in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"][0]["rules"]
        if found["alert"] == alert
    )
    return dict(rule)


@pytest.mark.parametrize("path", rendered(), ids=lambda path: path.name)
def test_the_files_are_what_is_declared(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == rendered()[path], "run `python -m dev.write_grafana`, commit the result"


def test_there_is_no_dashboard_besides() -> None:
    assert set(DASHBOARDS.iterdir()) | {ALERT_RULES} == set(rendered())


def test_there_is_a_rule_for_each_alert() -> None:
    assert len(RULES) == len({rule["uid"] for rule in RULES}) == len(list(ALERTS.glob("*.yaml")))
    for group in groups():
        assert group.keys() == OF_A_GROUP
        assert re.fullmatch(r"\d+m", group["interval"])


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["title"])
def test_a_rule_has_the_fields_that_grafana_knows(rule: dict[str, Any]) -> None:
    assert rule.keys() == OF_A_RULE
    assert UID.fullmatch(rule["uid"])
    assert rule["noDataState"] in ("OK", "NoData", "Alerting")
    assert rule["execErrState"] in ("OK", "Error", "Alerting")
    for node in rule["data"]:
        assert node.keys() == OF_A_QUERY
        assert node["model"]["refId"] == node["refId"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["title"])
def test_a_rule_fires_for_each_series_that_the_alert_returns(rule: dict[str, Any]) -> None:
    alert = of_prometheus(rule["title"])
    query, there, fires = rule["data"]
    assert query["datasourceUid"] == DATA_SOURCE
    assert query["model"]["expr"] == alert["expr"].strip()
    assert query["model"]["instant"] is True
    assert (there["datasourceUid"], there["model"]["type"]) == ("__expr__", "math")
    assert f"is_number(${query['refId']})" in there["model"]["expression"]
    assert (fires["datasourceUid"], fires["model"]["type"]) == ("__expr__", "threshold")
    assert fires["model"]["expression"] == there["refId"]
    assert fires["model"]["conditions"] == [{"evaluator": {"type": "gt", "params": [0]}}]
    assert rule["condition"] == fires["refId"]
    assert (rule["for"], rule["labels"], rule["isPaused"]) == (alert["for"], alert["labels"], False)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["title"])
def test_what_a_rule_says_survives_the_variables_of_the_environment(rule: dict[str, Any]) -> None:
    """In a provisioning file, Grafana takes `$name` for a variable of its environment."""
    alert = of_prometheus(rule["title"])
    assert rule["annotations"].keys() == alert["annotations"].keys()
    for name, text in rule["annotations"].items():
        assert "$" not in text
        assert text.count("{{") == alert["annotations"][name].count("{{")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["title"])
def test_an_alert_leads_to_the_panel_that_shows_it_and_its_runbook_names_that(rule: dict[str, Any]) -> None:
    dashboard = json.loads((DASHBOARDS / f"{rule['dashboardUid']}.json").read_text(encoding="utf-8"))
    (panel,) = (found for found in dashboard["panels"] if found.get("id") == rule["panelId"])
    assert f"Alert: {rule['title']}" in panel["description"]
    runbook = (ROOT / rule["annotations"]["runbook"]).read_text(encoding="utf-8")
    assert f"Dashboard *{dashboard['title']}*, panel *{panel['title']}*" in " ".join(runbook.split())
