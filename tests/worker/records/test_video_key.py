"""The key of a video's output."""

from typing import Any

import pytest

from ingestion_contract.records import Video
from ingestion_worker.output.keys import video_key
from tests.worker.support.runs import run_of

VIDEO = Video(id="youtube:abc", url="https://example.org/abc", title="A title", duration_seconds=3.0)
KEY = video_key(VIDEO, run_of(["https://example.org/list"]).spec)


def test_it_is_short_and_hexadecimal() -> None:
    assert len(KEY) == 32
    int(KEY, 16)


@pytest.mark.parametrize(
    "spec",
    [
        {"source": {"captions": "Ignore"}},
        {"source": {"languages": ["de"]}},
        {"transcription": {"beamSize": 2}},
        {"transcription": {"computeType": "float32"}},
        {"transcription": {"models": [{"languages": ["*"], "model": "another"}]}},
        {"embedding": {"model": "another"}},
        {"embedding": {"chunkTokens": 32}},
        {"embedding": {"maxSequenceLength": 256}},
        {"embedding": {"computeType": "bfloat16"}},
    ],
    ids=str,
)
def test_what_shapes_the_content_changes_it(spec: dict[str, Any]) -> None:
    assert video_key(VIDEO, run_of(["https://example.org/list"], **spec).spec) != KEY


@pytest.mark.parametrize(
    "spec",
    [
        {"source": {"urls": ["https://example.org/another", "https://example.org/list"]}},
        {"source": {"limit": 3}},
        {"workers": {"videosPerShard": 3}},
        {"memory": {"targetPercent": 50}},
        {"output": {"uri": "s3://bucket/x"}},
    ],
    ids=str,
)
def test_what_does_not_keeps_it(spec: dict[str, Any]) -> None:
    assert video_key(VIDEO, run_of(["https://example.org/list"], **spec).spec) == KEY


def test_two_videos_have_two() -> None:
    spec = run_of(["https://example.org/list"]).spec
    assert video_key(VIDEO.model_copy(update={"id": "youtube:abd"}), spec) != KEY
    assert video_key(VIDEO.model_copy(update={"url": "https://example.org/abd"}), spec) != KEY
    assert video_key(VIDEO.model_copy(update={"title": "Another title"}), spec) == KEY
