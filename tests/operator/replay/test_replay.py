"""Decisions that were recorded are taken again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ingestion_operator.cli import app
from ingestion_operator.decision.decide import decide
from ingestion_operator.observe.recording import Record, encode
from ingestion_operator.replay import replay
from tests.operator.kit import NOW, make_sample, make_snapshot, waiting
from tests.operator.replay.kit import FIXTURES, recorded


def incident(*, frozen: bool = False) -> Record:
    snapshot = make_snapshot([make_sample(), make_sample(), waiting(), waiting()])
    return Record(NOW, frozen, snapshot, decide(snapshot, NOW, frozen=frozen))


def command(path: Path, records: Iterable[Record]) -> Result:
    path.write_text("".join(f"{encode(record)}\n" for record in records))
    return CliRunner().invoke(app, ["replay", str(path)])


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.name)
def test_a_recorded_run_is_decided_as_it_was(path: Path) -> None:
    ended = CliRunner().invoke(app, ["replay", str(path)])
    assert ended.exit_code == 0, ended.output
    assert ended.output.endswith(" decisions, 0 of them different from what was recorded\n")


def test_the_recorded_runs_hold_decisions_of_every_direction() -> None:
    """What is replayed says little if nothing was decided in it."""
    changes = [replayed.decision.change for records in recorded().values() for replayed in replay(records)]
    reasons = {change.reason for change in changes if change is not None}
    assert {"MemoryPressure", "OverTarget", "MemoryRecovered", "SourceBlocked", "SourceProbe"} <= reasons


def test_a_change_is_told_in_one_line(tmp_path: Path) -> None:
    ended = command(tmp_path / "run.jsonl", [incident()])
    assert ended.exit_code == 0
    change, count = ended.output.splitlines()
    assert change.startswith("2026-11-24T12:00:00Z  parallelism 4 -> 2 MemoryPressure: ")
    assert count == "1 decisions, 0 of them different from what was recorded"


def test_a_decision_that_would_differ_now_is_told_and_fails(tmp_path: Path) -> None:
    other = replace(incident(), decision=replace(incident().decision, parallelism=3))
    ended = command(tmp_path / "run.jsonl", [incident(), other])
    assert ended.exit_code == 1
    assert "DIFFERS: parallelism: 3 was recorded, 2 is decided now" in ended.output
    assert ended.output.endswith("2 decisions, 1 of them different from what was recorded\n")


def test_levers_that_were_frozen_are_frozen_in_the_replay(tmp_path: Path) -> None:
    ended = command(tmp_path / "run.jsonl", [incident(frozen=True)])
    assert (ended.exit_code, "->" in ended.output) == (0, False)


def test_a_file_that_is_no_recording_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text("a shopping list\n")
    ended = CliRunner().invoke(app, ["replay", str(path)])
    assert ended.exit_code == 1
    assert "error: line 1 of" in ended.stderr


def test_a_folder_for_recordings_that_cannot_be_one_is_named(tmp_path: Path) -> None:
    taken = tmp_path / "file"
    taken.touch()
    for folder in (taken, taken / "below"):
        ended = CliRunner().invoke(app, ["run", "--worker-image", "x", "--record", str(folder)])
        assert (ended.exit_code, "--record" in ended.stderr) == (2, True)
