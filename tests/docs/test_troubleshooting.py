"""docs/troubleshooting.md knows every reason, exit code, condition and alert that there is."""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.metrics import WorkerState
from ingestion_contract.pod import Step
from ingestion_contract.status import ConditionType, IngestionRunStatus, MemoryStatus, Videos
from ingestion_operator.decision.decide import decide
from ingestion_operator.decision.snapshot import Rate, Snapshot
from ingestion_operator.desired.jobs import work_job
from ingestion_operator.desired.pod_template import WorkerSettings
from ingestion_operator.status.notices import notices
from ingestion_operator.status.report import next_status
from ingestion_worker.conclusion import ConfigurationError, ModelUnavailable, PodTooSmall, StickyDeviceFault
from ingestion_worker.models.model_source import NOT_FOUND
from tests.docs.kit import ROOT
from tests.operator.kit import GIB, NOW, ago, make_run, make_sample, make_snapshot, make_status
from tests.operator.replay.kit import recorded

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


def test_an_exit_counts_against_its_shard_as_the_job_has_it() -> None:
    job = work_job(make_run(), shards=3, parallelism=1, settings=WorkerSettings("worker:1"))["spec"]
    rules = [rule for rule in job["podFailurePolicy"]["rules"] if "onExitCodes" in rule]
    taken = {code: rule["action"] for rule in rules for code in rule["onExitCodes"]["values"]}
    rows = (line.split("|")[1:5] for line in PAGE.split("## Exit codes\n", 1)[1].split("\n## ")[0].splitlines())
    told = {int(row[0]): row[3].strip() for row in rows if row and row[0].strip().isdecimal()}
    words_of_action = {"Ignore": "no", "FailJob": "the Job fails", None: "yes"}

    assert set(told) >= set(map(int, ExitCode))
    assert job["backoffLimitPerIndex"] == 3, "four attempts"
    for code, said in told.items():
        assert code == 0 or re.split("[,;]", said)[0] == words_of_action[taken.get(code)], code


def test_a_word_of_workers_has_the_exit_code_that_is_told() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \|", PAGE.split("### Words of workers", 1)[1], re.MULTILINE)
    codes = {error.reason: error.code for error in (PodTooSmall, ModelUnavailable, StickyDeviceFault)}

    assert {word: int(code) for word, code in rows} == {**codes, NOT_FOUND: ConfigurationError.code}


@pytest.mark.parametrize("kind", list(ConditionType))
def test_every_condition_is_told(kind: ConditionType) -> None:
    assert told(kind)


@pytest.mark.parametrize("path", sorted((ROOT / "monitoring" / "alerts").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_alert_is_told_with_its_runbook(path: Path) -> None:
    for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
        for rule in group["rules"]:
            assert f"[{rule['alert']}](runbooks/{path.stem}.md)" in PAGE


SUMMARY = {ConditionType.READY, ConditionType.RECONCILING, ConditionType.STALLED}


def section(title: str) -> str:
    return PAGE.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def words(text: str) -> set[str]:
    return set(re.findall(r"`(\w+)`", text))


def staged() -> Iterator[Snapshot]:
    """Yield what the recorded runs lack."""
    full = 23 * GIB
    yield make_snapshot([make_sample(), None])
    yield make_snapshot([make_sample(floor=None, device_used=full)] * 2)
    yield make_snapshot([make_sample(device_used=full)] * 2, memory=MemoryStatus(pressed_since=ago(100)))
    few = make_status(2).model_copy(update={"videos": Videos(total=200, succeeded=5, failed=15)})
    yield make_snapshot([make_sample()] * 2, status=few)
    idle = Rate(audio_seconds_per_hour=9, utilisation=0.1, seconds=600.0, duty=1.0)
    yield make_snapshot([make_sample()] * 2, rate=idle)
    lacking = make_snapshot([make_sample(), make_sample(WorkerState.WAITING_FOR_MEMORY)])
    yield replace(lacking, pods=(lacking.pods[0], replace(lacking.pods[1], unready_since=ago(600))))


def steps() -> Iterator[tuple[IngestionRunStatus, IngestionRunStatus]]:
    """Yield statuses of recorded and of staged runs, each with the one that follows."""
    for record in (record for records in recorded().values() for record in records):
        yield record.snapshot.status, next_status(record.snapshot, record.decision, None, record.at)
    for snapshot in staged():
        yield snapshot.status, next_status(snapshot, decide(snapshot, NOW), None, NOW)


def test_each_condition_of_a_run_has_a_reason_from_its_own_row() -> None:
    rows = (line.split("|")[1:3] for line in section("Other conditions").splitlines() if line.startswith("| `"))
    told_of = {kind: words(reasons) for kinds, reasons in rows for kind in words(kinds)}
    given = {(item.type, item.reason) for _, status in steps() for item in status.conditions}

    assert {reason for _, reason in given} >= {
        "FitOverestimated",
        "DeviceTooFull",
        "MemoryDanger",
        "OverTarget",
        "OnCourse",
    }
    assert {reason for _, reason in given} >= {"TelemetryStale", "SuccessBelowObjective", "UtilisationBelowObjective"}
    assert [pair for pair in given if pair[0] not in SUMMARY and pair[1] not in told_of[pair[0]]] == []


def test_each_change_and_each_event_has_a_reason_that_is_told_below_changes() -> None:
    told_of = words(section("Reasons of changes")) | words(section("Reasons of Ready"))
    changes = {item.reason for _, status in steps() for item in status.adaptations}
    events = {notice.reason for before, after in steps() for notice in notices(before, after)}

    assert {"MemoryPressure", "SourceBlocked", "SourceProbe"} <= changes & events
    assert sorted((changes | events) - told_of) == []
