"""docs/kubectl-plugin.md shows what the commands say, letter for letter."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from kubectl_ingest.cli import app
from kubectl_ingest.cluster import Object
from kubectl_ingest.observed_run import observe
from kubectl_ingest.report import RunReport, report
from kubectl_ingest.status_view import run_view
from tests.kubectl_plugin.kit import NOW, StandIn, ago, ended, running, shown

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "kubectl-plugin.md").read_text(encoding="utf-8")
LOST = {
    "total": 200,
    "succeeded": 176,
    "failed": 22,
    "skipped": 2,
    "successPercent": 88,
    "reasons": {"Network": 22, "Gone": 2},
}
WRONG = {"source": {"urls": ["u"], "captions": "prefer", "videosPerhour": 300}, "output": {"uri": "s3://b/p"}}


def told(command: str) -> str:
    """What the page shows below a command."""
    output: str
    [output] = re.findall(rf"^\$ kubectl ingest {re.escape(command)}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return output


def said(command: str, *runs: Object) -> Result:
    """What the command says of some runs."""
    return CliRunner().invoke(app, command.split(), obj=StandIn(*([run] for run in runs)).edge(lambda _: "default"))


def test_a_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    command = "plan -f examples/talks.yaml --floor 8.6"

    assert said(command).stdout == told(command)


def test_what_is_wrong_with_a_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    spec = {**WRONG, "memory": {"targetPercent": 99}}
    run = {"apiVersion": "ingestion.dev/v1alpha1", "kind": "IngestionRun", "metadata": {"name": "x"}, "spec": spec}
    Path("wrong.yaml").write_text(yaml.safe_dump(run))

    assert said("plan -f wrong.yaml").stderr == told("plan -f wrong.yaml")


@pytest.mark.parametrize("command", ["retry talks -n media", "retry talks -n media --apply"])
def test_a_retry_begins_as_shown(command: str) -> None:
    shown_of_it = told(command).partition("\n...")[0].strip()

    assert said(command, ended(complete=False, videos=LOST)).stdout.startswith(shown_of_it)


def test_a_retry_of_a_run_that_goes_on() -> None:
    run = running(progress="25/40")
    run["metadata"]["name"] = "founding-incident"

    assert said("retry founding-incident -n media", run).stderr == told("retry founding-incident -n media")


def test_a_table_of_runs_has_the_columns_and_states_that_are_shown() -> None:
    failed = ended(complete=False, startTime=ago(3600), completionTime=ago(60), videos=LOST)
    header, _, talks = told("status -n media").splitlines()
    ours, row = said("status -n media", failed).stdout.splitlines()

    assert (ours.split(), row.split()) == (header.split(), talks.split())


def test_a_run_is_told_in_the_lines_that_are_shown() -> None:
    label = re.compile(r"^(\w+)  +\S", re.MULTILINE)
    ours = shown(run_view(report(observe(running()), NOW), NOW))

    assert label.findall(ours) == label.findall(told("status founding-incident -n media"))


def test_the_fields_of_the_data_are_named() -> None:
    section = PAGE.split("`-o json` has the same as data", 1)[1].split("\n\n", 1)[0]
    fields = [field.alias or name for name, field in RunReport.model_fields.items()]

    assert [name for name in re.findall(r"`(\w+)`", section) if name in fields] == fields
