"""The commands as a person types them, over a stand-in of the cluster."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from kubectl_ingest.cli import Edge, app
from kubectl_ingest.cluster import Choice
from kubectl_ingest.refusal import Refusal, Unreachable
from tests.kubectl_plugin.kit import StandIn, ended, make_run, running

EXAMPLE = Path(__file__).parents[2] / "examples" / "talks.yaml"


def ingest(cluster: StandIn | Edge, *arguments: str, given: str | None = None) -> Result:
    """Run `kubectl ingest`."""
    edge = cluster if isinstance(cluster, Edge) else cluster.edge()
    return CliRunner().invoke(app, arguments, obj=edge, input=given)


def nowhere(choice: Choice) -> Any:
    raise Unreachable("no cluster to ask")


@pytest.mark.parametrize("command", [[], ["status"], ["plan"], ["retry"]])
def test_help_teaches_with_examples(command: list[str]) -> None:
    result = ingest(StandIn(), *command, "--help")

    assert result.exit_code == 0
    assert f"kubectl ingest {' '.join(command)}" in result.stdout


def test_status_of_a_run_reads_at_a_glance() -> None:
    result = ingest(StandIn([running()]), "status", "talks")

    assert result.exit_code == 0
    assert "media/talks  Running" in result.stdout
    assert all(line == line.rstrip() for line in result.stdout.splitlines())


def test_status_as_json_has_the_same_for_programs() -> None:
    told = json.loads(ingest(StandIn([running()]), "status", "talks", "-o", "json").stdout)

    assert (told["state"], told["done"], told["secondsLeft"]) == ("Running", 50, 1800)
    assert told["adaptations"][0]["from"] == 4
    assert told["memory"]["workersThatFit"] == 2


def test_status_without_a_run_is_a_table_of_the_namespace() -> None:
    cluster = StandIn([running()], [make_run("other", "elsewhere")])

    assert ingest(cluster, "status").stdout.count("\n") == 2
    everywhere = ingest(cluster, "status", "-A").stdout
    assert everywhere.splitlines()[0].startswith("NAMESPACE")
    assert [line.split()[:2] for line in everywhere.splitlines()[1:]] == [["elsewhere", "other"], ["media", "talks"]]
    assert [run["name"] for run in json.loads(ingest(cluster, "status", "-o", "json").stdout)["runs"]] == ["talks"]


def test_an_empty_namespace_is_said_to_be_empty() -> None:
    result = ingest(StandIn(), "status", "-n", "empty")

    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "There are no IngestionRuns in namespace empty.\n"
    assert json.loads(ingest(StandIn(), "status", "-o", "json").stdout) == {"runs": []}


@pytest.mark.parametrize(("end", "code"), [(ended(), 0), (ended(complete=False), 1)])
def test_watching_ends_with_the_run_and_says_how_by_its_exit_code(end: dict[str, Any], code: int) -> None:
    result = ingest(StandIn([make_run(), running(), end]), "status", "talks", "-w")

    assert result.exit_code == code
    assert "200 of 200 videos" in result.stdout


def test_watching_as_json_is_a_line_for_each_change() -> None:
    result = ingest(StandIn([make_run(), running(), running(), ended()]), "status", "talks", "-w", "-o", "json")

    assert [json.loads(line)["state"] for line in result.stdout.splitlines()] == ["New", "Running", "Succeeded"]


def test_watching_outlasts_a_cluster_that_is_silent_for_a_while() -> None:
    cluster = StandIn([running(), Unreachable("the cluster does not answer"), ended()])

    assert ingest(cluster, "status", "talks", "-w").exit_code == 0


def test_on_a_terminal_every_step_is_seen_and_so_is_a_silence() -> None:
    cluster = StandIn([make_run(), running(), Unreachable("the cluster does not answer"), ended()])
    terminal = {"FORCE_COLOR": "1", "COLUMNS": "160", "TERM": "xterm"}
    result = CliRunner().invoke(app, ["status", "talks", "-w"], obj=cluster.edge(), env=terminal)

    assert result.exit_code == 0
    for seen in ("New", "50 of 200 videos", "asked again, since the cluster does not answer", "200 of 200 videos"):
        assert seen in result.stdout


def test_watching_ends_when_the_run_is_deleted() -> None:
    result = ingest(StandIn([running(), Refusal("talks not found")]), "status", "talks", "-w")

    assert (result.exit_code, result.stderr) == (1, "error: talks not found\n")


def test_a_cluster_that_cannot_be_asked_is_told_apart_by_the_exit_code() -> None:
    result = ingest(Edge(connect=nowhere, default_namespace=nowhere), "status")

    assert (result.exit_code, result.stderr) == (2, "error: no cluster to ask\n")


@pytest.mark.parametrize("arguments", [["status", "-w"], ["status", "talks", "-A"], ["plan"], ["retry"]])
def test_what_makes_no_sense_is_wrong_usage(arguments: list[str]) -> None:
    assert ingest(StandIn([running()]), *arguments).exit_code == 2


@pytest.mark.parametrize("arguments", [["status"], ["status", "talks"], ["retry", "talks"]])
def test_the_cluster_is_the_one_that_the_options_name(arguments: list[str]) -> None:
    cluster = StandIn([ended()])
    ingest(cluster, *arguments, "--kubeconfig", "other", "--context", "prod", "-n", "media")

    assert cluster.choices == [Choice("other", "prod")]


def test_a_plan_needs_no_cluster_and_no_kubeconfig() -> None:
    result = ingest(Edge(connect=nowhere, default_namespace=nowhere), "plan", "-f", str(EXAMPLE), "--floor", "8.6")

    assert result.exit_code == 0
    assert "default/talks" in result.stdout
    assert "work      talks-work" in result.stdout


def test_a_plan_is_in_the_namespace_of_the_context() -> None:
    assert "media/talks" in ingest(StandIn(), "plan", "-f", str(EXAMPLE)).stdout


def test_a_context_that_is_named_for_a_plan_must_exist() -> None:
    result = ingest(Edge(connect=nowhere, default_namespace=nowhere), "plan", "-f", str(EXAMPLE), "--context", "x")

    assert result.exit_code == 2


def test_plans_are_made_of_every_run_on_the_standard_input() -> None:
    text = f"{EXAMPLE.read_text()}\n---\n{EXAMPLE.read_text().replace('name: talks', 'name: more', 1)}"
    plans = json.loads(ingest(StandIn(), "plan", "-f", "-", "-o", "json", given=text).stdout)["plans"]

    assert [plan["name"] for plan in plans] == ["talks", "more"]


def test_a_wrong_manifest_is_refused_field_by_field(tmp_path: Path) -> None:
    file = tmp_path / "run.yaml"
    file.write_text(EXAMPLE.read_text().replace("targetPercent: 80", "targetPercent: 99"))
    result = ingest(StandIn(), "plan", "-f", str(file))

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "error: spec.memory.targetPercent is 99: write at most 95\n"


def test_a_retry_is_printed_as_a_manifest_and_creates_nothing() -> None:
    cluster = StandIn([ended()], [ended() | {"metadata": {"name": "talks-retry-1", "namespace": "media"}}])
    result = ingest(cluster, "retry", "talks")

    assert result.exit_code == 0
    assert yaml.safe_load(result.stdout)["metadata"]["name"] == "talks-retry-2"
    assert cluster.created == []
    assert "error" not in ingest(StandIn(), "plan", "-f", "-", given=result.stdout).output


def test_a_retry_is_created_where_that_is_asked_for() -> None:
    cluster = StandIn([ended()])
    result = ingest(cluster, "retry", "talks", "--apply")

    assert result.exit_code == 0
    assert [created["metadata"]["name"] for created in cluster.created] == ["talks-retry-1"]
    assert "ingestionrun.ingestion.dev/talks-retry-1 created: takes up 2 videos" in result.stdout


def test_a_retry_as_json_is_the_object() -> None:
    result = ingest(StandIn([ended()]), "retry", "talks", "-o", "json")

    assert json.loads(result.stdout)["kind"] == "IngestionRun"


def test_a_retry_of_a_run_that_goes_on_is_refused() -> None:
    cluster = StandIn([running()])
    result = ingest(cluster, "retry", "talks", "--apply")

    assert (result.exit_code, cluster.created) == (1, [])
    assert result.stderr.startswith("error: talks is still going (50/200)")
