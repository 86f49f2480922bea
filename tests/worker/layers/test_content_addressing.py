"""The two layers of the output: what is there is not done again, whatever else has changed."""

from pathlib import Path
from typing import Any

import pytest

from dev.sample_media.server import SampleServer
from ingestion_contract import layout
from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.records import Video, VideoManifest
from ingestion_contract.spec import IngestionRun, parse_run
from ingestion_worker.output import transcripts, video_list
from ingestion_worker.output.keys import transcript_key, video_key
from ingestion_worker.output.store import Store
from ingestion_worker.pipeline import embedding
from tests.manifests import changeable, with_field
from tests.worker.support.http_source import Answer, HttpSource
from tests.worker.support.in_process import Bench
from tests.worker.support.runs import run_of
from tests.worker.support.stand_ins import StandInRecogniser

WITHOUT_CAPTIONS = [number for number in range(1, 16) if number % 4]


def urls(sample: SampleServer, count: int) -> list[str]:
    return [f"{sample.url}/watch/sample-{number:03d}.html" for number in WITHOUT_CAPTIONS[:count]]


def run(uid: str = "run-uid-1", **spec: Any) -> IngestionRun:
    made = run_of(["http://unused"], **spec)
    return made.model_copy(update={"metadata": made.metadata.model_copy(update={"uid": uid})})


def listed(bench: Bench, uid: str, addresses: list[str]) -> list[Video]:
    videos = [Video(id=f"test:{url.rpartition('/')[2]}", url=url) for url in addresses]
    video_list.write_once(bench.store, uid, videos, [range(len(videos))])
    return videos


def manifest(store: Store, video: Video, made_by: IngestionRun) -> VideoManifest | None:
    return store.read_record(layout.manifest(video_key(video, made_by.spec)), VideoManifest)


def test_another_chunk_length_makes_new_vectors_and_hears_nothing_again(bench: Bench, sample: SampleServer) -> None:
    videos = listed(bench, "first", urls(sample, 4))
    listed(bench, "second", urls(sample, 4))
    first, second = run("first"), run("second", embedding={"chunkTokens": 32})
    assert bench.work(first).code is ExitCode.DONE
    heard = len(StandInRecogniser.batches)
    assert Bench(bench.root).work(second).code is ExitCode.DONE
    assert len(StandInRecogniser.batches) == heard
    for video in videos:
        old, new = manifest(bench.store, video, first), manifest(bench.store, video, second)
        assert old is not None
        assert new is not None
        assert old.key != new.key
        assert old.transcript_key == new.transcript_key


def test_a_playlist_that_has_grown_costs_its_new_videos(bench: Bench, sample: SampleServer) -> None:
    listed(bench, "monday", urls(sample, 5))
    assert bench.work(run("monday")).code is ExitCode.DONE
    assert sum(StandInRecogniser.batches) == 5
    listed(bench, "tuesday", urls(sample, 7))
    tuesday = Bench(bench.root)
    assert tuesday.work(run("tuesday")).code is ExitCode.DONE
    assert sum(StandInRecogniser.batches) == 7
    assert tuesday.sample("ingestion_videos_total", result="succeeded", reason="") == 7


def test_a_file_that_has_changed_is_another_audio(bench: Bench, sample: SampleServer) -> None:
    spec = run().spec
    old = Video(id="file:a", url="file:///a.wav", version="10-1700000000")
    assert transcript_key(old, spec) != transcript_key(old.model_copy(update={"version": "10-1700000001"}), spec)
    assert transcript_key(old, spec) == transcript_key(old.model_copy(update={"title": "Another"}), spec)


@pytest.mark.parametrize(
    ("change", "heard_again"),
    [
        ({"embedding": {"chunkTokens": 32}}, False),
        ({"embedding": {"model": "another"}}, False),
        ({"embedding": {"computeType": "float16"}}, False),
        ({"workers": {"videosPerShard": 3}}, False),
        ({"memory": {"targetPercent": 70}}, False),
        ({"transcription": {"beamSize": 5}}, True),
        ({"transcription": {"wordTimes": False}}, True),
        ({"transcription": {"computeType": "float32"}}, True),
        ({"source": {"captions": "Ignore"}}, True),
        ({"source": {"languages": ["de"]}}, True),
        ({"memory": {"allowSmallerComputeType": True}}, True),
    ],
    ids=str,
)
def test_a_transcripts_key_is_all_that_shapes_it_and_nothing_else(change: dict[str, Any], heard_again: bool) -> None:
    video = Video(id="youtube:abc", url="https://example.org/abc")
    before, after = run().spec, run(**change).spec
    assert (transcript_key(video, before) != transcript_key(video, after)) is heard_again
    if heard_again:
        assert video_key(video, before) != video_key(video, after)


OTHER_VALUES = {
    "suspend": True,
    "workers.parallelism.initial": 3,
    "workers.parallelism.min": 2,
    "workers.parallelism.max": 9,
    "memory.targetPercent": 70,
    "memory.recoveryAfterSeconds": 5,
    "objectives.minSuccessPercent": 50,
    "objectives.minUtilisationPercent": 10,
    "activeDeadlineSeconds": 60,
    "ttlSecondsAfterFinished": 60,
}
"""Of every field that may change while a run goes on."""


@pytest.mark.parametrize("field", sorted(changeable()))
def test_what_may_change_while_a_run_goes_on_changes_no_key(field: str) -> None:
    """Else its workers would make under one key what its last step counts under another."""
    video = Video(id="youtube:abc", url="https://example.org/abc")
    before = run(workers={"parallelism": {"initial": 2}})
    after = parse_run(with_field(before.to_wire(), f"spec.{field}", OTHER_VALUES[field]))
    assert video_key(video, after.spec) == video_key(video, before.spec)
    assert transcript_key(video, after.spec) == transcript_key(video, before.spec)


def test_a_transcript_whose_file_was_spoilt_is_made_again(bench: Bench, sample: SampleServer) -> None:
    video = listed(bench, "first", urls(sample, 1))[0]
    listed(bench, "second", urls(sample, 1))
    assert bench.work(run("first")).code is ExitCode.DONE
    for path in Path(bench.root, "output").glob("transcripts/*/*/transcript.jsonl"):
        path.write_text("{}\n")
    second = run("second", embedding={"chunkTokens": 32})
    assert Bench(bench.root).work(second).code is ExitCode.DONE
    assert sum(StandInRecogniser.batches) == 2
    assert manifest(bench.store, video, second) is not None
    repaired = transcripts.load(bench.store, transcript_key(video, second.spec))
    assert repaired is not None
    assert repaired.segments[0].text.endswith("seconds of speech")


def test_transcripts_that_wait_are_few_in_memory_and_none_is_lost(
    bench: Bench, sample: SampleServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding, "KEPT_TRANSCRIPTS", 1)
    videos = listed(bench, "first", urls(sample, 8))
    assert bench.work(run("first")).code is ExitCode.DONE
    assert all(manifest(bench.store, video, run("first")) for video in videos)


def test_a_run_that_takes_captions_only_needs_no_speech_model(bench: Bench, sample: SampleServer) -> None:
    english = [{"languages": ["en"], "model": "stand-in"}]
    only = run(source={"captions": "Only", "languages": ["en", "de"]}, transcription={"models": english})
    listed(bench, "run-uid-1", [f"{sample.url}/watch/sample-004.html"])
    assert bench.work(only).code is ExitCode.DONE
    assert bench.sample("ingestion_videos_total", result="succeeded", reason="") == 1


def test_a_blocked_source_is_not_asked_again_by_those_that_wait_for_their_turn(
    bench: Bench, source: HttpSource
) -> None:
    blocked = [source.set(f"/{number}", Answer(status=429)) for number in range(6)]
    (bench.root / "limits.json").write_text('{"revision": 1, "videosPerHour": 60}')
    listed(bench, "run-uid-1", blocked)
    assert bench.work(run()).code is ExitCode.SOURCE_BLOCKED
    assert sum(1 for path in source.asked if path != "/") == 1, "one turn a minute: the others were let go"


def test_a_window_that_no_model_takes_fails_its_video_and_no_other(
    bench: Bench, sample: SampleServer, source: HttpSource, long_speech: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = StandInRecogniser.transcribe

    def picky(self: StandInRecogniser, windows: list[Any], language: str) -> Any:
        if any(window.seconds > 10 for window in windows):
            raise ValueError("no such window")
        return heard(self, windows, language)

    monkeypatch.setattr(StandInRecogniser, "transcribe", picky)
    speech = [source.set("/long.wav", Answer(long_speech, kind="audio/wav"))]
    listed(bench, "first", urls(sample, 3) + speech)
    assert bench.work(run("first")).code is ExitCode.DONE
    assert bench.sample("ingestion_videos_total", result="succeeded", reason="") == 3
    assert bench.sample("ingestion_videos_total", result="failed", reason="TranscriptionFailed") == 1
