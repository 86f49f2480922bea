"""`ingest report`."""

from pathlib import Path

from typer.testing import CliRunner

from ingestion_contract.exit_codes import ExitCode
from ingestion_worker.commands import app
from ingestion_worker.output.store import Store
from tests.worker.report.sample import UID, incident


def test_it_writes_the_latest_run_and_prints_where(tmp_path: Path) -> None:
    incident(Store(f"file://{tmp_path}"), videos=150)
    done = CliRunner().invoke(app, ["report", "--output", str(tmp_path)])
    assert done.exit_code == ExitCode.DONE
    assert "145 of 150 videos" in Path(done.output.strip()).read_text()
    assert done.output.strip() == f"{tmp_path}/_runs/{UID}/run-report.html"


def test_a_run_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["report", "--output", str(tmp_path), "--run-uid", "nobody"])
    assert done.exit_code == ExitCode.CONFIGURATION
    assert "no list of videos of a run nobody" in done.output
