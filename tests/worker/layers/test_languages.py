"""Videos in several languages: each is heard by the model for its language, or not at all."""

from collections.abc import Sequence

import pytest

from dev.sample_media.server import SampleServer
from ingestion_contract import layout
from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.metrics import Result
from ingestion_contract.records import Outcome, TranscriptManifest
from ingestion_contract.spec import IngestionRun
from ingestion_worker.conclusion import ConfigurationError
from ingestion_worker.media.sections import Window
from ingestion_worker.output.keys import transcript_key, video_key
from ingestion_worker.pipeline import postponed
from tests.worker.support.in_process import Bench
from tests.worker.support.runs import UID, run_of
from tests.worker.support.stand_ins import StandInRecogniser

WITHOUT_CAPTIONS = [1, 2, 3, 5, 6, 7]
LANGUAGES = ("en", "de", "fr")


def spoken_in(window: Window) -> str:
    """A language for each clip, by its length."""
    return LANGUAGES[round(window.seconds * 100) % 3]


class Polyglot(StandInRecogniser):
    """Hears languages; remembers which model heard what."""

    heard: list[tuple[str, str, str]] = []  # noqa: RUF012 - a test resets it

    @property
    def multilingual(self) -> bool:  # type: ignore[override]
        return self.model.name != "english-only"

    def detect_language(self, windows: Sequence[Window]) -> list[tuple[str, float]]:
        assert self.multilingual
        return [(spoken_in(window), 0.9) for window in windows]

    def transcribe(self, windows: Sequence[Window], language: str) -> list[object]:  # type: ignore[override]
        self.heard += [(self.model.name, language, spoken_in(window)) for window in windows]
        return list(super().transcribe(windows, language))


@pytest.fixture
def polyglot(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr("ingestion_worker.models.loaded.SpeechRecogniser", Polyglot)
    monkeypatch.setattr(Polyglot, "heard", [])
    return bench


def run(*languages: str, models: Sequence[tuple[str, str]]) -> IngestionRun:
    chosen = [{"languages": [language], "model": model} for language, model in models]
    return run_of(
        ["http://unused"],
        source={"languages": list(languages)},
        transcription={"models": chosen},
    )


@pytest.mark.parametrize("kept", [postponed.KEPT_FILES, 0], ids=["from its file", "fetched again"])
def test_each_video_is_heard_by_the_model_for_its_language_and_unwanted_ones_are_skipped(
    polyglot: Bench, sample: SampleServer, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postponed, "KEPT_FILES", kept)
    mixed = run("en", "de", models=[("en", "english-only"), ("*", "polyglot")])
    videos = polyglot.list([f"{sample.url}/watch/sample-{number:03d}.html" for number in WITHOUT_CAPTIONS])
    assert polyglot.work(mixed).code is ExitCode.DONE
    assert {(model, told) for model, told, _ in Polyglot.heard} == {("english-only", "en"), ("polyglot", "de")}
    assert all(told == spoken for _, told, spoken in Polyglot.heard)
    outcomes = [
        polyglot.store.read_record(layout.outcome(UID, video_key(video, mixed.spec)), Outcome) for video in videos
    ]
    found = [(outcome.result, outcome.reason) for outcome in outcomes if outcome is not None]
    assert len(found) == len(videos)
    assert set(found) == {(Result.SUCCEEDED, ""), (Result.SKIPPED, "OtherLanguage")}
    languages = set()
    for video in videos:
        path = layout.transcript_manifest(transcript_key(video, mixed.spec))
        transcript = polyglot.store.read_record(path, TranscriptManifest)
        if transcript is not None:
            languages.add((transcript.asr_model, transcript.language))
    assert languages == {("english-only", "en"), ("polyglot", "de")}


def test_a_model_that_hears_only_english_is_refused_for_other_languages(polyglot: Bench, sample: SampleServer) -> None:
    polyglot.list([f"{sample.url}/watch/sample-001.html"])
    with pytest.raises(ConfigurationError, match=r"english-only to .*hears only English"):
        polyglot.work(run("de", models=[("*", "english-only")]))
    assert Polyglot.heard == []
