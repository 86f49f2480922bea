"""The alerts of `monitoring/alerts` as rules that Grafana evaluates itself, for where no Prometheus does.

An alert of Prometheus fires for each series that its expression returns, whatever the value. So the rule asks whether
there is a number, as Grafana's own import does.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

FOLDER = "Ingestion"
DATA_SOURCE = "prometheus"
"""The uid of the data source: that of kube-prometheus-stack."""
EVERY = "1m"
_LOOKS_BACK_SECONDS = 600
_EXPRESSIONS = "__expr__"

_HEAD = """\
# Written by `python -m dev.write_grafana` from monitoring/alerts. Do not edit.
# Grafana reads this from /etc/grafana/provisioning/alerting. It asks the data source whose uid is `prometheus`;
# another one is put in by `sed 's/datasourceUid: prometheus/datasourceUid: YOURS/'`.
"""


def rendered(groups: Iterable[Mapping[str, Any]], dashboards: Iterable[str]) -> str:
    """Return the provisioning file.

    Args:
        groups: of Prometheus rules, with one alert each.
        dashboards: as JSON; an alert is linked to the panel that names it.
    """
    panels = _panels(dashboards)
    found = [_group(group, panels) for group in groups]
    return _HEAD + yaml.safe_dump({"apiVersion": 1, "groups": found}, sort_keys=False, width=1000)


def _panels(dashboards: Iterable[str]) -> dict[str, tuple[str, int]]:
    """Return uid of dashboard and id of panel, by the alert that the panel's description names."""
    found = {}
    for dashboard in map(json.loads, dashboards):
        for panel in dashboard["panels"]:
            for line in panel.get("description", "").splitlines():
                if line.startswith("Alert: "):
                    found[line.removeprefix("Alert: ")] = (dashboard["uid"], panel["id"])
    return found


def _group(group: Mapping[str, Any], panels: Mapping[str, tuple[str, int]]) -> dict[str, Any]:
    rules = [_rule(rule, group["name"].replace("-operator.", "-"), panels) for rule in group["rules"]]
    return {"orgId": 1, "name": group["name"], "folder": FOLDER, "interval": EVERY, "rules": rules}


def _rule(rule: Mapping[str, Any], uid: str, panels: Mapping[str, tuple[str, int]]) -> dict[str, Any]:
    dashboard, panel = panels[rule["alert"]]
    return {
        "uid": uid,
        "title": rule["alert"],
        "condition": "fires",
        "data": [
            _node("query", DATA_SOURCE, {"expr": rule["expr"].strip(), "instant": True, "range": False}),
            _node(
                "there",
                _EXPRESSIONS,
                {"type": "math", "expression": "is_number($query) || is_nan($query) || is_inf($query)"},
            ),
            _node(
                "fires",
                _EXPRESSIONS,
                {
                    "type": "threshold",
                    "expression": "there",
                    "conditions": [{"evaluator": {"type": "gt", "params": [0]}}],
                },
            ),
        ],
        # No series is what Prometheus calls silence; that the data source cannot be asked is an alert of its own.
        "noDataState": "OK",
        "execErrState": "Error",
        # A series that is gone has cleared at once, as with Prometheus.
        "missing_series_evals_to_resolve": 1,
        "for": rule["for"],
        "annotations": {name: _template(text) for name, text in rule["annotations"].items()},
        "labels": dict(rule["labels"]),
        "dashboardUid": dashboard,
        "panelId": panel,
        "isPaused": False,
    }


def _node(name: str, source: str, model: Mapping[str, Any]) -> dict[str, Any]:
    looks_back = _LOOKS_BACK_SECONDS if source != _EXPRESSIONS else 0
    return {
        "refId": name,
        "relativeTimeRange": {"from": looks_back, "to": 0},
        "datasourceUid": source,
        "model": {"refId": name, **model},
    }


def _template(text: str) -> str:
    """Return a template of Prometheus as one of Grafana.

    Grafana has the value under the name of its query, and takes `$name` in such a file for a variable of the
    environment; both know the fields behind the variables.
    """
    return text.replace("$labels.", ".Labels.").replace("$value", ".Values.query.Value")
