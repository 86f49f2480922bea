"""A long video is checkpointed, and goes on within after a kill."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.records import Checkpoint
from ingestion_worker.media.audio import SAMPLE_RATE
from ingestion_worker.output import transcripts
from ingestion_worker.output.keys import transcript_key
from ingestion_worker.output.store import Store
from tests.worker.support.http_source import Answer, HttpSource
from tests.worker.support.in_process import Bench
from tests.worker.support.media import silence
from tests.worker.support.runs import run_of
from tests.worker.support.stand_ins import StandInRecogniser, install

pytestmark = pytest.mark.long

RUN = run_of(["http://unused"])


class Killed(BaseException):
    """Stands for SIGKILL: nothing is tidied up."""


def kill_after(windows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the speech model take so many windows, and then the process its end."""
    heard = StandInRecogniser.transcribe
    left = [windows]

    def dying(self: StandInRecogniser, batch: Sequence[Any], language: str) -> Any:
        if left[0] < len(batch):
            raise Killed
        left[0] -= len(batch)
        return heard(self, batch, language)

    monkeypatch.setattr(StandInRecogniser, "transcribe", dying)


def output(root: Path) -> list[str]:
    """The lines of the transcript."""
    (path,) = root.glob("output/transcripts/*/*/transcript.jsonl")
    return path.read_text().splitlines()


@dataclass(frozen=True)
class Undisturbed:
    """What a run without a kill gives."""

    transcript: list[str]
    windows: int


@pytest.fixture(scope="module")
def undisturbed(half_an_hour: bytes, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    with pytest.MonkeyPatch.context() as monkeypatch, HttpSource() as source:
        install(monkeypatch)
        monkeypatch.setattr(StandInRecogniser, "batches", [])
        bench = Bench(tmp_path_factory.mktemp("undisturbed"))
        bench.list([source.set("/talk.wav", Answer(half_an_hour, kind="audio/wav"))])
        assert bench.work(RUN).code is ExitCode.DONE
        return Undisturbed(output(bench.root), sum(StandInRecogniser.batches))


@pytest.mark.parametrize(("windows", "checkpoints"), [(1, 0), (25, 1), (32, 1), (40, 2)])
def test_it_goes_on_after_the_last_checkpoint_and_gives_the_transcript_of_an_undisturbed_run(
    bench: Bench,
    source: HttpSource,
    half_an_hour: bytes,
    windows: int,
    checkpoints: int,
    undisturbed: Undisturbed,
) -> None:
    video = bench.list([source.set("/talk.wav", Answer(half_an_hour, kind="audio/wav"))])[0]
    with pytest.MonkeyPatch.context() as monkeypatch:
        kill_after(windows, monkeypatch)
        with pytest.raises(Killed):
            bench.work(RUN)
    key = transcript_key(video, RUN.spec)
    kept = transcripts.load_checkpoints(bench.store, key)
    StandInRecogniser.batches.clear()
    again = Bench(bench.root)
    assert again.work(RUN).code is ExitCode.DONE
    assert output(bench.root) == undisturbed.transcript
    assert sum(StandInRecogniser.batches) == undisturbed.windows - sum(len(each.segments) for each in kept)
    assert len(kept) == checkpoints
    heard = again.sample("ingestion_audio_seconds_total")
    assert heard == pytest.approx(len(half_an_hour) / 2 / SAMPLE_RATE - (kept[-1].end if kept else 0), abs=0.1)


def test_checkpoints_count_up_to_the_first_that_is_missing_or_torn(tmp_path: Path) -> None:
    store = Store(f"file://{tmp_path}")
    for section in range(4):
        start = 590.0 * section
        transcripts.save_checkpoint(
            store, "k", Checkpoint(section=section, start=start, end=start + 590, language="en", segments=[])
        )
    assert [each.section for each in transcripts.load_checkpoints(store, "k")] == [0, 1, 2, 3]
    torn = tmp_path / "transcripts/k/checkpoints/000002.json"
    torn.write_bytes(torn.read_bytes()[:20])
    assert [each.section for each in transcripts.load_checkpoints(store, "k")] == [0, 1]


def test_an_hour_of_silence_is_a_video_without_words(bench: Bench, source: HttpSource, tmp_path: Path) -> None:
    silence(tmp_path / "silence.flac", 3600)
    media = source.set("/silence.flac", Answer((tmp_path / "silence.flac").read_bytes(), kind="audio/flac"))
    video = bench.list([media])[0]
    assert bench.work(RUN).code is ExitCode.DONE
    key = transcript_key(video, RUN.spec)
    made = transcripts.load(bench.store, key)
    assert made is not None
    assert (made.segments, round(made.audio_seconds)) == ((), 3600)
    assert len(transcripts.load_checkpoints(bench.store, key)) == 5, "the last section is none"
    assert StandInRecogniser.batches == []
