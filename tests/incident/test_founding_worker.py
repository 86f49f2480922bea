"""The founding program's worker: sound where its models fit, and a loss of every video where they do not."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.demo.stage import ASR_MODEL, EMBEDDER
from dev.incident.founding import source
from dev.incident.founding.records import Output
from dev.incident.founding.source import Listed
from dev.incident.founding.worker import Worker
from dev.incident.verify import OUT_OF_MEMORY, verify
from dev.sample_media.sentences import expected
from dev.sample_media.server import SampleServer
from ingestion_worker.device import simulated

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed"),
]

GIB = 2**30
VIDEOS = 17
HEARD, CAPTIONED, GONE = 0, 3, 16


@pytest.fixture(scope="module")
def feed() -> Iterator[list[Listed]]:
    with SampleServer(VIDEOS) as media:
        yield source.listed(media.feed_url)


@pytest.fixture
def gpu(tmp_path: Path) -> Path:
    folder = tmp_path / "gpu"
    simulated.create(folder, 24 * GIB)
    return folder


@pytest.fixture
def output(tmp_path: Path) -> Output:
    return Output(tmp_path / "output")


@pytest.fixture
def worker(tmp_path: Path, gpu: Path, output: Output) -> Worker:
    return Worker(gpu, ASR_MODEL, EMBEDDER, tmp_path / "output")


def test_alone_on_the_device_it_loses_nothing(worker: Worker, output: Output, feed: list[Listed]) -> None:
    sample = expected(CAPTIONED + 1)
    for video in feed[: CAPTIONED + 1]:
        worker.ingest(video)

    found = verify(output, sample)

    assert (found.succeeded, found.missing, found.wrong, found.failed) == (4, [], [], {})
    assert found.word_error_percent is not None
    assert found.word_error_percent < 30
    assert {video: one.heard for video, one in output.transcripts().items()} == {
        video.id: not video.has_captions for video in sample.available
    }


def test_a_worker_holds_what_the_design_says(worker: Worker, gpu: Path, feed: list[Listed]) -> None:
    worker.ingest(feed[HEARD])

    assert simulated.usage(gpu).used / GIB == pytest.approx(8.6, abs=0.05)


def test_where_its_embedder_does_not_fit_it_writes_off_each_video_that_it_takes(
    worker: Worker, gpu: Path, output: Output, feed: list[Listed]
) -> None:
    simulated.add_neighbour(gpu, "two others", 17 * GIB)
    for index in (HEARD, CAPTIONED):
        worker.ingest(feed[index])

    assert output.counts() == (0, 2)
    assert all("out of memory" in reason for reason in output.failures().values())


def test_it_tries_a_video_once_even_if_room_comes_later(
    worker: Worker, gpu: Path, output: Output, feed: list[Listed]
) -> None:
    simulated.add_neighbour(gpu, "two others", 17 * GIB)
    worker.ingest(feed[HEARD])
    simulated.remove_neighbour(gpu, "two others")
    worker.ingest(feed[CAPTIONED])

    assert set(output.failures()) == {feed[HEARD].id}
    assert set(output.transcripts()) == {feed[CAPTIONED].id}


def test_emptying_the_cache_frees_nothing_of_the_speech_model(worker: Worker, gpu: Path, feed: list[Listed]) -> None:
    simulated.add_neighbour(gpu, "two others", 17 * GIB)
    worker.ingest(feed[HEARD])

    own = next(process for process in simulated.usage(gpu).processes if not process.neighbour)

    assert own.bytes / GIB == pytest.approx(2.0, abs=0.05)


def test_a_video_that_does_not_exist_fails_like_any_other(worker: Worker, output: Output, feed: list[Listed]) -> None:
    worker.ingest(feed[GONE])

    found = verify(output, expected(VIDEOS))

    assert found.skipped == {}
    assert found.failed["DownloadError"] == 1
    assert OUT_OF_MEMORY not in found.failed
