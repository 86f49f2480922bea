"""Outputs of runs, made without a worker: an index reads only what lies in the output."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from ingestion_contract import layout
from ingestion_contract.metrics import Result
from ingestion_contract.records import Outcome, RunRecord, Segment, Video, VideoManifest, Word
from ingestion_contract.summary import FinishSummary
from ingestion_worker.index.search import QueryModel
from ingestion_worker.output import transcripts, vectors, video_list
from ingestion_worker.output.store import Store
from ingestion_worker.output.transcript import AsrModel, Transcript, TranscriptSource
from ingestion_worker.output.vectors import EmbedModel, VectorSet
from ingestion_worker.text.chunking import cut

EMBEDDER = "tests/bag-of-words"
DIMENSION = 32
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
WORD_SECONDS = 0.5

BREAD = ["bread is made of flour and water", "then the dough is left to rise", "and the oven must be hot"]
SHIPS = ["the harbour was full of ships", "every ship had three masts", "and the sailors sang in the evening"]
STARS = ["a star is a ball of gas", "it shines since hydrogen burns", "the sun is the nearest one"]


def embed(texts: Sequence[str], dimension: int = DIMENSION) -> NDArray[np.float32]:
    """A unit vector per text: how often each word is in it, by the word's hash."""
    made = np.zeros((len(texts), dimension), np.float32)
    for row, text in enumerate(texts):
        for word in text.lower().split():
            made[row, int(hashlib.sha256(word.encode()).hexdigest(), 16) % dimension] += 1
    lengths = np.maximum(np.linalg.norm(made, axis=1, keepdims=True), 1e-9)
    return np.asarray(made / lengths, dtype=np.float32)


MODEL = QueryModel(lambda words: embed([words])[0], embed)


def segments_of(sentences: Sequence[str]) -> tuple[Segment, ...]:
    """Sentences that follow each other, a word each half second."""
    made = []
    start = 0.0
    for sentence in sentences:
        times = [start + WORD_SECONDS * number for number in range(len(sentence.split()) + 1)]
        words = [
            Word(start=begin, end=begin + WORD_SECONDS, text=word)
            for begin, word in zip(times, sentence.split(), strict=False)
        ]
        made.append(Segment(start=start, end=times[-1], text=sentence, words=words))
        start = times[-1]
    return tuple(made)


@dataclass
class Library:
    """An output that runs write to."""

    store: Store

    def run(
        self,
        name: str,
        videos: Mapping[str, Sequence[str]],
        *,
        day: int = 0,
        counted: bool = True,
        chunk_tokens: int = 14,
        embedder: str = EMBEDDER,
        dimension: int = DIMENSION,
    ) -> dict[str, VideoManifest]:
        """Do a run over videos, given by id and sentences; return the manifests by video id."""
        uid = f"{name}-{day}"
        record = RunRecord(name=name, namespace="default", uid=uid, created_at=EPOCH + timedelta(days=day))
        self.store.write_record(layout.run_record(uid), record)
        made = {}
        for video, sentences in videos.items():
            made[video] = self._video(video, sentences, chunk_tokens, embedder, dimension)
            outcome = Outcome(
                video_id=video, result=Result.SUCCEEDED, video_key=made[video].key, recorded_at=record.created_at
            )
            self.store.write_record(layout.outcome(uid, made[video].key), outcome)
        if counted:
            count = FinishSummary(total=len(made), succeeded=len(made), failed=0, skipped=0)
            self.store.write_record(layout.result(uid), count)
        return made

    def list(self, uid: str, videos: Mapping[str, Sequence[str]]) -> None:
        """Write the list of a run, as discover does."""
        listed = [Video(id=video, url=f"https://www.youtube.com/watch?v={video}") for video in videos]
        video_list.write_once(self.store, uid, listed, [range(len(listed))])

    def _video(
        self, video_id: str, sentences: Sequence[str], chunk_tokens: int, embedder: str, dimension: int
    ) -> VideoManifest:
        video = Video(id=video_id, url=f"https://www.youtube.com/watch?v={video_id}", title=f"About {video_id}")
        segments = segments_of(sentences)
        transcript = Transcript(
            source=TranscriptSource.ASR,
            language="en",
            segments=segments,
            audio_seconds=segments[-1].end if segments else 0.0,
            asr=AsrModel("tests/speech", None, "int8"),
        )
        transcript_key = _key(video_id, *sentences)
        transcripts.save(self.store, transcript_key, video, transcript)
        chunks = cut(segments, [len(sentence.split()) for sentence in sentences], chunk_tokens)
        return vectors.save(
            self.store,
            VectorSet(
                video=video,
                key=_key(transcript_key, str(chunk_tokens), embedder),
                transcript_key=transcript_key,
                transcript=transcript,
                chunks=chunks,
                vectors=embed([chunk.text for chunk in chunks], dimension),
                model=EmbedModel(embedder, None, "float32"),
            ),
        )


def _key(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
