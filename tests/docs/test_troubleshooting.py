"""docs/troubleshooting.md knows every reason, exit code, condition and alert that there is."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.pod import Step
from ingestion_contract.status import ConditionType
from tests.docs.kit import ROOT

PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
WORKER = ROOT / "worker_image" / "ingestion_worker"
SPEAKING = (
    "operator/ingestion_operator/status",
    "operator/ingestion_operator/decision",
    "operator/ingestion_operator/apply",
    "worker_image/ingestion_worker/steps",
)
FILES = (
    "operator/ingestion_operator/observe/jobs.py",
    "operator/ingestion_operator/reconciler.py",
    "worker_image/ingestion_worker/conclusion.py",
    "worker_image/ingestion_worker/models/model_source.py",
)
"""Where reasons are given: whatever is one word there, but for a few, is a reason."""
CAMEL_CASE = r"[A-Z]+[a-z][A-Za-z]*"
NOT_REASONS = {"Normal", "Warning", "Event", "Job", "True"}
"""Other words that stand there: types of events, kinds of objects, and the status of a condition."""


def words_of(source: str) -> Iterator[str]:
    """Yield the strings of a module that are one word in CamelCase, as reasons are."""
    constants = (node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
    yield from (value for value in constants if isinstance(value, str) and re.fullmatch(CAMEL_CASE, value))


def reasons() -> set[str]:
    files = [path for place in SPEAKING for path in (ROOT / place).rglob("*.py")]
    files += [ROOT / file for file in FILES]
    spoken = {word for path in files for word in words_of(path.read_text(encoding="utf-8"))}
    given = {word for path in WORKER.rglob("*.py") for word in re.findall(r'reason="(\w+)"', path.read_text("utf-8"))}
    failed_steps = {f"{step.value.title()}Failed" for step in (Step.DISCOVER, Step.FINISH)}
    return (spoken | given | failed_steps) - NOT_REASONS


def told(word: str) -> bool:
    return f"`{word}`" in PAGE


def test_every_reason_is_told() -> None:
    found = reasons()

    assert {"OOMAtMinimum", "TooFewSucceeded", "PodTooSmall", "TrialTakenBack", "NameTaken"} <= found
    assert sorted(word for word in found if not told(word)) == []


def test_every_reason_that_is_told_there_is() -> None:
    section = PAGE.split("## Reasons of Ready", 1)[1].split("## Other conditions", 1)[0]
    listed = set(re.findall(r"^\| `(\w+)`", section, re.MULTILINE))

    assert len(listed) > 20
    assert listed - reasons() == set()


@pytest.mark.parametrize("code", list(ExitCode))
def test_every_exit_code_is_told_with_its_name(code: ExitCode) -> None:
    assert re.search(rf"^\| {code.value} \| `{code.name}` \|", PAGE, re.MULTILINE)


@pytest.mark.parametrize("kind", list(ConditionType))
def test_every_condition_is_told(kind: ConditionType) -> None:
    assert told(kind)


@pytest.mark.parametrize("path", sorted((ROOT / "monitoring" / "alerts").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_alert_is_told_with_its_runbook(path: Path) -> None:
    for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
        for rule in group["rules"]:
            assert f"[{rule['alert']}](runbooks/{path.stem}.md)" in PAGE
