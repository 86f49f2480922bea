"""What a video's output holds, and when it exists."""

import hashlib
import io
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import webvtt

from dev.sample_media.server import SampleServer
from ingestion_contract import layout
from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.records import TranscriptManifest, VideoManifest
from ingestion_worker.output.keys import video_key
from ingestion_worker.output.store import Store
from tests.worker.support.http_source import Answer, HttpSource, page
from tests.worker.support.in_process import Bench
from tests.worker.support.runs import run_of
from tests.worker.support.stand_ins import StandInRecogniser

RUN = run_of(["http://unused"])


def ingest_one(bench: Bench, sample: SampleServer, number: int) -> VideoManifest:
    video = bench.list([f"{sample.url}/watch/sample-{number:03d}.html"])[0]
    assert bench.work(RUN).code is ExitCode.DONE
    manifest = bench.store.read_record(layout.manifest(video_key(video, RUN.spec)), VideoManifest)
    assert manifest is not None
    return manifest


def transcript_of(bench: Bench, manifest: VideoManifest) -> TranscriptManifest:
    transcript = bench.store.read_record(layout.transcript_manifest(manifest.transcript_key), TranscriptManifest)
    assert transcript is not None
    return transcript


def content(bench: Bench, manifest: VideoManifest | TranscriptManifest, name: str) -> bytes:
    path = next(file.path for file in manifest.files if file.path.endswith(name))
    found = bench.store.read(path)
    assert found is not None
    return found


def test_a_transcribed_video_has_a_transcript_chunks_and_vectors(bench: Bench, sample: SampleServer) -> None:
    manifest = ingest_one(bench, sample, 1)
    transcript = transcript_of(bench, manifest)
    assert (transcript.source, transcript.asr_model, transcript.language) == ("asr", "stand-in", "en")
    assert (manifest.dimension, transcript.segments, manifest.chunks) == (4, 1, 1)
    assert 2 < manifest.audio_seconds < 6
    line = json.loads(content(bench, transcript, "transcript.jsonl"))
    cue = webvtt.from_string(content(bench, transcript, "transcript.vtt").decode())[0]
    table = pq.read_table(io.BytesIO(content(bench, manifest, "chunks.parquet")))
    assert line["text"] == cue.text == table["text"][0].as_py()
    assert table["vector"].type.list_size == 4
    row = table.to_pylist()[0]
    assert np.linalg.norm(row["vector"]) > 0
    assert row["video_id"] == "test:0"
    assert (row["chunk_index"], row["source"], row["schema_version"]) == (0, "asr", 2)
    assert (row["start"], row["end"]) == (line["start"], line["end"])
    assert row["content_hash"] == hashlib.sha256(row["text"].encode()).hexdigest()
    for file in (*transcript.files, *manifest.files):
        stored = bench.store.read(file.path)
        assert stored is not None
        assert (len(stored), hashlib.sha256(stored).hexdigest()) == (file.bytes, file.sha256)


def test_a_captioned_video_has_the_captions_text_and_names_no_speech_model(bench: Bench, sample: SampleServer) -> None:
    manifest = ingest_one(bench, sample, 4)
    transcript = transcript_of(bench, manifest)
    assert (transcript.source, transcript.asr_model) == ("manual_captions", None)
    assert StandInRecogniser.batches == []
    assert bench.sample("ingestion_audio_seconds_total") == 0


def test_captions_whose_source_tells_no_length_are_as_long_as_their_last_one_ends(
    bench: Bench, source: HttpSource
) -> None:
    track = b"WEBVTT\n\n00:00.000 --> 00:02.000\nhello\n\n00:03.000 --> 00:07.500\nand goodbye\n"
    captions = source.set("/captions.vtt", Answer(track, kind="text/vtt"))
    video = bench.list([source.set("/watch.html", page(f"{source.url}/none.mp3", captions))])[0]
    assert bench.work(RUN).code is ExitCode.DONE
    manifest = bench.store.read_record(layout.manifest(video_key(video, RUN.spec)), VideoManifest)
    assert manifest is not None
    assert manifest.audio_seconds == 7.5
    lines = content(bench, transcript_of(bench, manifest), "transcript.jsonl").splitlines()
    assert [set(json.loads(line)) & {"confidence", "words"} for line in lines] == [set(), set()]


def test_silence_is_a_video_without_words(bench: Bench, source: HttpSource) -> None:
    header = b"RIFF\xff\xff\xff\x7fWAVEfmt \x10\0\0\0\1\0\1\0\x80>\0\0\0}\0\0\2\0\x10\0data\0\xfa\0\0"
    media = source.set("/silence.wav", Answer(header + bytes(64_000), kind="audio/wav"))
    video = bench.list([media])[0]
    assert bench.work(RUN).code is ExitCode.DONE
    manifest = bench.store.read_record(layout.manifest(video_key(video, RUN.spec)), VideoManifest)
    assert manifest is not None
    assert (manifest.chunks, manifest.audio_seconds) == (0, 2.0)
    assert transcript_of(bench, manifest).segments == 0


def test_what_is_there_is_not_done_again_by_another_run(bench: Bench, sample: SampleServer) -> None:
    manifest = ingest_one(bench, sample, 1)
    tried = len(StandInRecogniser.batches)
    again = Bench(bench.root)
    assert again.work(RUN.model_copy(update={"metadata": RUN.metadata.model_copy(update={"name": "x"})})).code == 0
    assert len(StandInRecogniser.batches) == tried
    assert ingest_one(again, sample, 1) == manifest


def test_a_manifest_that_was_cut_off_does_not_count(bench: Bench, sample: SampleServer) -> None:
    manifest = ingest_one(bench, sample, 1)
    path = bench.root / "output" / layout.manifest(manifest.key)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    again = ingest_one(Bench(bench.root), sample, 1)
    assert again.created_at > manifest.created_at
    assert {file.path for file in again.files}.isdisjoint(file.path for file in manifest.files)


def test_many_records_are_read_at_once_and_missing_ones_are_left_out(tmp_path: Path) -> None:
    store = Store(f"file://{tmp_path}/a b/")
    store.write("there.json", b"{}")
    assert store.read("there.json") == b"{}"
    assert store.read("missing.json") is None
    assert store.read_records(["there.json", "missing.json"], VideoManifest) == {}
