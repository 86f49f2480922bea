"""The dashboards: each query asks for what is there, and shows something on a real Prometheus."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

import promql_parser as promql
import pytest
import yaml

from dev.grafana import operator, run
from dev.grafana.reading import ReadPanel, concrete, marks, panels
from dev.prometheus import Prometheus
from dev.write_chart import CHART
from dev.write_grafana import DASHBOARDS, ROOT
from dev.write_metrics import ALERTS, of_workers
from ingestion_operator.telemetry.names import ErrorKind, RunState
from tests.monitoring.staged import NAMESPACE, RUN, StagedOperator, StagedWorker, labels_of, staged
from tests.monitoring.test_prometheus import at_once

LIMIT_SECONDS = 60.0
VARIABLES = {"namespace": NAMESPACE, "run": RUN, "datasource": "prometheus"}
OF_EVERY_TARGET = {"job", "instance", "namespace", "pod"}
OF_PROMETHEUS = {"ALERTS": {"alertname": set[str](), "alertstate": set(), "namespace": set(), "run": set()}}
"""Its own series of the alerts that are not silent."""

EMPTY = {"ingestion-run: End of the run": "the run on the stage goes on"}
"""What shows nothing on the stage, and why."""

FILES = sorted(DASHBOARDS.glob("*.json"))
ALERT_EXPRESSIONS = {
    path.stem: str(yaml.safe_load(path.read_text(encoding="utf-8"))["groups"][0]["rules"][0]["expr"])
    for path in sorted(ALERTS.glob("*.yaml"))
}


def texts() -> dict[str, str]:
    return {path.stem: path.read_text(encoding="utf-8") for path in FILES}


def expressions(text: str) -> dict[str, str]:
    """All that a dashboard asks Prometheus for, by where."""
    asked = {
        f"{panel.title}, {target.letter}": concrete(target.expr, VARIABLES, 5)
        for panel in panels(text)
        for target in panel.targets
    }
    return asked | {name: concrete(expr, VARIABLES, 5) for name, expr in marks(text)}


ASKED = {
    **{f"{stem}: {where}": expr for stem, text in texts().items() for where, expr in expressions(text).items()},
    **{f"alert {stem}": expr for stem, expr in ALERT_EXPRESSIONS.items()},
}


@pytest.fixture(scope="module")
def known() -> dict[str, dict[str, set[str]]]:
    """The labels of each series that operator and workers register, with what a scrape adds."""
    of_operator = labels_of(StagedOperator().metrics.registry)
    workers = labels_of(StagedWorker().metrics.registry)
    for labels in workers.values():
        labels |= {label: set() for label in scraped_labels("ingestion-workers")}
    for labels in (*of_operator.values(), *workers.values()):
        for label in OF_EVERY_TARGET:
            labels.setdefault(label, set())
    return of_operator | workers | OF_PROMETHEUS


def scraped_labels(job: str) -> set[str]:
    """The labels that the scrape configuration for a Prometheus without its operator adds."""
    configs = yaml.safe_load((ROOT / "monitoring" / "prometheus" / "scrape.yaml").read_text(encoding="utf-8"))
    (config,) = (found for found in configs["scrape_configs"] if found["job_name"] == job)
    return {rule["target_label"] for rule in config["relabel_configs"] if "target_label" in rule}


def visit(expr: str, each: Callable[[promql.Expr], None]) -> None:
    def go_on(node: promql.Expr) -> bool:
        each(node)
        return True

    promql.walk(promql.parse(expr), pre_visit=go_on)


def selectors(node: promql.Expr) -> list[promql.VectorSelector]:
    found: list[promql.VectorSelector] = []

    def take(inner: promql.Expr) -> bool:
        if isinstance(inner, promql.VectorSelector):
            found.append(inner)
        return True

    promql.walk(node, pre_visit=take)
    return found


def test_the_pages_on_the_stage_have_a_value_under_every_metric() -> None:
    """So that what is not known below does not exist."""
    for registry in (StagedOperator().metrics.registry, StagedWorker().metrics.registry):
        families = list(registry.collect())
        assert families
        assert not [family.name for family in families if not family.samples]


def test_the_contract_declares_what_a_worker_registers() -> None:
    registered = {family.name: family for family in StagedWorker().metrics.registry.collect()}
    declared = {metric.name.removesuffix("_total"): metric for metric in of_workers()}
    assert {name: family.type for name, family in registered.items()} == {
        name: metric.kind.value for name, metric in declared.items()
    }
    for name, family in registered.items():
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        assert labels == set(declared[name].labels), name


@pytest.mark.parametrize("where", ASKED)
def test_it_asks_for_series_and_labels_that_exist(where: str, known: dict[str, dict[str, set[str]]]) -> None:
    values: dict[str, set[str]] = {"state": set(RunState), "kind": set(ErrorKind)}
    for labels in known.values():
        for label, found in labels.items():
            values[label] = values.get(label, set()) | found

    def check(node: promql.Expr) -> None:
        if isinstance(node, promql.VectorSelector):
            assert node.name in known, node.name
            for matcher in node.matchers.matchers:
                assert matcher.name in known[node.name], f"{node.name} has no label {matcher.name}"
                if matcher.name in ("state", "result", "kind", "stage"):
                    assert set(matcher.value.split("|")) <= values[matcher.name], f"{matcher.name}={matcher.value}"
        used: set[str] = set()
        if isinstance(node, promql.AggregateExpr) and node.modifier is not None:
            used = set(node.modifier.labels)
        if isinstance(node, promql.BinaryExpr) and node.modifier is not None and node.modifier.matching is not None:
            used = set(node.modifier.matching.labels)
        for selector in selectors(node) if used else ():
            assert selector.name is not None
            assert used <= known[selector.name].keys(), f"{selector.name} has not all of {used}"

    visit(ASKED[where], check)


def test_every_metric_of_a_run_is_shown_somewhere() -> None:
    shown = {str(selector.name) for expr in ASKED.values() for selector in selectors(promql.parse(expr))}
    not_shown = {
        "ingestion_batch_overhead_windows",
        "ingestion_gpu_utilisation_ratio",
        "ingestion_windows_waiting",
        "ingestion_operator_run_audio_seconds",
    }
    """The operator's own gauges say the same of a run; the first is of use to the operator only."""
    of_registries = labels_of(StagedOperator().metrics.registry, StagedWorker().metrics.registry)
    series = {re.sub("_(bucket|count|sum)$", "", name) for name in of_registries if name.startswith("ingestion_")}
    assert series - {re.sub("_(bucket|count|sum)$", "", name) for name in shown} <= not_shown


def test_every_panel_shows_something_on_a_real_prometheus(tmp_path: Path) -> None:
    with staged() as stage:
        prometheus = Prometheus(tmp_path, stage.scrape_configs, at_once())
        of_dashboards = {where: expr for where, expr in ASKED.items() if not where.startswith("alert ")}
        waiting_for = {where: expr for where, expr in of_dashboards.items() if where not in EMPTY}
        ends = monotonic() + LIMIT_SECONDS
        with prometheus.running():
            while waiting_for:
                assert monotonic() < ends, f"nothing is shown in {sorted(waiting_for)}"
                stage.pass_time()
                sleep(0.2)
                waiting_for = {where: expr for where, expr in waiting_for.items() if not prometheus.now(expr)}
            assert_legends_are_filled(prometheus)


def assert_legends_are_filled(prometheus: Prometheus) -> None:
    for stem, text in texts().items():
        for panel in panels(text):
            for target in panel.targets:
                for series in prometheus.now(concrete(target.expr, VARIABLES, 5)):
                    for label in re.findall(r"{{(\w+)}}", target.legend):
                        # Prometheus drops labels that are empty: a video that succeeded has no reason.
                        assert label in series.labels, f"{stem}: {panel.title}: {target.legend}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_dashboard_can_be_found_and_read(path: Path) -> None:
    dashboard = json.loads(path.read_text(encoding="utf-8"))
    assert dashboard["uid"] == path.stem
    assert 8 <= len(dashboard["uid"]) <= 40
    ids = [panel["id"] for panel in dashboard["panels"] if panel["type"] != "row"]
    assert len(set(ids)) == len(ids)
    for panel in map(ReadPanel, dashboard["panels"]):
        if panel.kind == "row":
            continue
        assert panel.kind in ("timeseries", "stat", "state-timeline", "table")
        assert panel.raw["description"], panel.title
        assert panel.raw["datasource"]["uid"] == "${datasource}"
        assert panel.kind == "state-timeline" or "unit" in json.dumps(panel.raw["fieldConfig"]), panel.title
        place = panel.raw["gridPos"]
        assert place["x"] + place["w"] <= 24, panel.title


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_panels_do_not_lie_on_each_other(path: Path) -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in panels(path.read_text(encoding="utf-8")):
        place = panel.raw["gridPos"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert taken.setdefault((x, y), panel.title) == panel.title


def test_a_run_is_chosen_by_namespace_and_name() -> None:
    dashboard = json.loads((DASHBOARDS / f"{run.UID}.json").read_text(encoding="utf-8"))
    assert [variable["name"] for variable in dashboard["templating"]["list"]] == ["datasource", "namespace", "run"]
    for where, expr in expressions(json.dumps(dashboard)).items():
        for selector in selectors(promql.parse(expr)):
            matched = {matcher.name: matcher.value for matcher in selector.matchers.matchers}
            assert (matched["namespace"], matched["run"]) == (NAMESPACE, RUN), where


def test_the_table_of_runs_leads_to_the_run() -> None:
    text = (DASHBOARDS / f"{operator.UID}.json").read_text(encoding="utf-8")
    assert f"/d/{run.UID}?" in text


def test_workers_have_the_same_labels_with_and_without_the_prometheus_operator() -> None:
    monitor = (CHART / "templates" / "monitoring" / "podmonitor.yaml").read_text(encoding="utf-8")
    of_every_pod_monitor = {"namespace", "pod"}
    assert scraped_labels("ingestion-workers") == of_every_pod_monitor | set(re.findall(r"targetLabel: (\w+)", monitor))
