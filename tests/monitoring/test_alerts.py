"""The alerts, with Prometheus' own tool: each is sound, fires, is silent, and leads to a runbook."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from dev.write_metrics import ALERTS, PAGE, ROOT, rendered
from ingestion_contract import metrics as worker
from ingestion_operator.telemetry import names
from ingestion_operator.telemetry.names import Kind, MetricName

RULES = sorted(ALERTS.glob("*.yaml"))
RUNBOOKS = ROOT / "docs" / "runbooks"
OF_A_RUN = "ingestion_operator_run_"
METRIC = re.compile(r"\bingestion_[a-z_]+\b")


def rule(path: Path) -> dict[str, Any]:
    """The only rule of a file."""
    (group,) = yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
    (found,) = group["rules"]
    return dict(found)


def promtool(*arguments: str | Path) -> None:
    ended = subprocess.run(["promtool", *arguments], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def series(metric: MetricName) -> set[str]:
    """Names under which a metric's series are stored."""
    if metric.kind is Kind.HISTOGRAM:
        return {f"{metric.name}_{suffix}" for suffix in ("bucket", "count", "sum")}
    return {metric.name}


def known_series() -> set[str]:
    of_workers = {value for name, value in vars(worker).items() if name.isupper() and METRIC.fullmatch(str(value))}
    return of_workers.union(*map(series, (*names.OF_OPERATOR, *names.OF_RUNS)))


def test_everything_that_wakes_somebody_is_there() -> None:
    assert {path.stem for path in RULES} == {
        "device-memory-above-target",
        "gpu-idle-while-work-waits",
        "no-telemetry",
        "oom-at-minimum",
        "operator-not-reconciling",
        "run-stuck",
        "scrape-failures",
        "source-blocked",
        "success-below-objective",
    }


def test_the_rules_are_sound() -> None:
    promtool("check", "rules", *RULES)


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_an_alert_fires_and_is_silent_when_it_should(path: Path) -> None:
    tests = ALERTS / "tests" / path.name
    cases = yaml.safe_load(tests.read_text(encoding="utf-8"))["tests"]
    expected = [case["exp_alerts"] for test in cases for case in test["alert_rule_test"]]
    assert any(expected), "no case in which it fires"
    assert not all(expected), "no case in which it is silent"
    assert {case["alertname"] for test in cases for case in test["alert_rule_test"]} == {rule(path)["alert"]}
    promtool("test", "rules", tests)


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_an_alert_asks_for_metrics_that_exist(path: Path) -> None:
    asked = set(METRIC.findall(rule(path)["expr"]))
    assert asked
    assert asked <= known_series()


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_an_alert_says_whom_it_concerns_and_what_to_do(path: Path) -> None:
    found = rule(path)
    annotations = found["annotations"]
    assert found["labels"]["severity"] in ("warning", "critical")
    assert annotations["runbook"] == f"docs/runbooks/{path.stem}.md"
    assert (ROOT / annotations["runbook"]).read_text(encoding="utf-8").startswith(f"# {found['alert']}\n")
    for text in (annotations["summary"], annotations["description"]):
        assert ("{{ $labels.namespace }}/{{ $labels.run }}" in text) == (OF_A_RUN in found["expr"])


def test_there_is_no_runbook_or_test_without_an_alert() -> None:
    alerts = {path.stem for path in RULES}
    assert {path.stem for path in RUNBOOKS.iterdir()} == alerts
    assert {path.stem for path in (ALERTS / "tests").iterdir()} == alerts


@pytest.mark.parametrize("path", sorted(RUNBOOKS.glob("*.md")), ids=lambda path: path.stem)
def test_the_links_of_a_runbook_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target


def test_the_page_of_metrics_is_what_the_declarations_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == rendered(), "run `python -m dev.write_metrics` and commit the result"
