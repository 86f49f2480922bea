"""`ingest doctor` on this machine, with its real libraries."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from ingestion_contract import pod
from ingestion_worker.device.simulated import create, physics
from ingestion_worker.doctor import probes
from ingestion_worker.doctor.facts import EngineFacts
from tests.worker.support.http_source import HttpSource
from tests.worker.support.runs import PATIENCE_SECONDS, REAL, REPOSITORY

pytestmark = pytest.mark.long


def doctor(*arguments: str, **environment: str) -> tuple[int, dict[str, dict[str, str]]]:
    done = subprocess.run(
        [*REAL, "doctor", "--json", *arguments],
        env={**os.environ, pod.ALLOW_NETWORKS: "127.0.0.0/8", **environment},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    return done.returncode, {finding["check"]: finding for finding in json.loads(done.stdout)}


def test_all_that_an_ingestion_needs_is_tried_for_real(tmp_path: Path, source: HttpSource) -> None:
    create(tmp_path / "gpu", 24 * physics.GIB)
    feed = source.feed([f"{source.url}/1.html"])
    code, found = doctor(
        "--output", f"{tmp_path}/out", "--source", feed, SIMULATED_GPU=str(tmp_path / "gpu"), HF_ENDPOINT=source.url
    )
    assert code == 0, found
    for check in ("GPU", "torch", "CTranslate2", "audio", "voice activity", "output", "source"):
        assert found[check]["level"] == "ok", found[check]
    assert found["GPU"]["says"].startswith("simulated, not real:")
    assert list((tmp_path / "out").iterdir()) == []


def test_an_output_that_cannot_be_written_and_a_source_that_lists_nothing_are_problems(
    tmp_path: Path, source: HttpSource
) -> None:
    (tmp_path / "file").touch()
    code, found = doctor("--output", f"{tmp_path}/file/out", "--source", f"{source.url}/gone", HF_ENDPOINT=source.url)
    assert code == 1
    assert found["output"]["level"] == "problem"
    assert found["source"]["level"] == "problem"
    assert found["model hub"]["level"] == "warning"


def test_an_engine_that_ends_its_process_is_told_by_its_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(probes.engine("torch"), EngineFacts)
    assert "KeyError" in str(probes.engine("no such engine"))
    monkeypatch.setattr(probes, "ENGINE_SECONDS", 0.01)
    assert "within" in str(probes.engine("torch"))
