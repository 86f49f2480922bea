"""A model that does not load: whose fault it is, in one sentence."""

from pathlib import Path

import pytest
from huggingface_hub.errors import LocalEntryNotFoundError

from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.metrics import Stage
from ingestion_contract.records import Video
from ingestion_contract.spec import IngestionRun
from ingestion_contract.summary import ErrorSummary
from ingestion_worker.conclusion import ConfigurationError, ModelUnavailable
from ingestion_worker.device.none import NoDevice
from ingestion_worker.models.loaded import Models
from ingestion_worker.models.model_source import model_errors
from ingestion_worker.output import video_list
from ingestion_worker.output.store import Store
from tests.worker.support.runs import REAL, UID, Workspace, run_of

TYPO = "/ingestion/models/typo"
HUB_NOBODY_SERVES = "http://127.0.0.1:9"


def run_with(asr: str, embedder: str = "stand-in", captions: str = "Prefer") -> IngestionRun:
    return run_of(
        ["http://unused"],
        source={"captions": captions},
        transcription={"models": [{"languages": ["*"], "model": asr}]},
        embedding={"model": embedder},
    )


def models(run: IngestionRun) -> Models:
    return Models(run.spec, NoDevice(), 1, run.spec.transcription.models[0])


@pytest.mark.parametrize(
    ("run", "field"),
    [(run_with(TYPO), "spec.transcription.models"), (run_with("stand-in", TYPO), "spec.embedding.model")],
    ids=["speech model", "embedder"],
)
def test_a_path_that_leads_nowhere_is_64_before_anything_is_loaded(run: IngestionRun, field: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{field} names {TYPO}, .*correct the path") as caught:
        models(run)
    assert (caught.value.code, caught.value.reason) == (ExitCode.CONFIGURATION, "ModelNotFound")


def test_a_speech_model_that_is_not_needed_may_be_missing() -> None:
    assert not models(run_with(TYPO, captions="Only")).transcribes


def test_a_folder_without_a_model_is_64(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=rf"spec\.transcription\.models names {tmp_path}, .*model\.bin"):
        models(run_with(str(tmp_path))).load(frozenset({Stage.ASR}))


def test_a_hub_that_does_not_answer_is_1_since_it_may_later(tmp_path: Path) -> None:
    """The real libraries against a port that nobody serves."""
    workspace = Workspace(tmp_path, REAL)
    models = [{"languages": ["*"], "model": "somebody/something"}]
    workspace.write_run(["http://unused"], transcription={"models": models})
    video_list.write_once(Store(f"file://{workspace.output}"), UID, [Video(id="test:1", url="http://unused")], [[0]])
    with workspace.worker(0, "--port", "0", HF_ENDPOINT=HUB_NOBODY_SERVES, HF_HOME=f"{tmp_path}/hub") as worker:
        assert worker.end() == ExitCode.FAILURE
    summary = workspace.summary("message-0")
    assert isinstance(summary, ErrorSummary)
    assert summary.reason == "ModelUnavailable"
    assert "spec.transcription.models names somebody/something" in summary.detail
    assert "Traceback" not in worker.log.read_text()


def raised(error: Exception, cause: Exception | None = None) -> None:
    with model_errors("spec.embedding.model", "somebody/something"):
        raise error from cause


def test_each_error_of_a_hubs_model_has_its_meaning() -> None:
    with pytest.raises(ModelUnavailable):
        raised(OSError("We couldn't connect"), LocalEntryNotFoundError("no"))
    with pytest.raises(ModelUnavailable):
        raised(TimeoutError("timed out"))
    with pytest.raises(ConfigurationError):
        raised(ValueError("Invalid model size 'x', expected one of: tiny"))
    with pytest.raises(ConfigurationError):
        raised(RuntimeError("Unable to open file 'model.bin' in model '/cache/x'"))


@pytest.mark.parametrize("words", ["CUDA failed with error out of memory", "something else"])
def test_other_errors_are_not_the_models(words: str) -> None:
    with pytest.raises(RuntimeError, match=words):
        raised(RuntimeError(words))
