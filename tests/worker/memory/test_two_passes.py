"""A shard on a device that holds one model at a time: all is heard first, then embedded."""

from pathlib import Path

import pytest

from dev.sample_media.server import SampleServer
from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.summary import ShardSummary
from ingestion_worker.device.simulated.device import SimulatedGpu
from tests.worker.memory.residents import GIB, Card
from tests.worker.support.in_process import Bench
from tests.worker.support.runs import run_of
from tests.worker.support.stand_ins import StandInRecogniser

WITHOUT_CAPTIONS = [1, 2, 3, 5, 6, 7]
RUN = run_of(["http://unused"])


def worker(root: Path, folder: Path) -> Bench:
    return Bench(root, SimulatedGpu(folder))


@pytest.fixture
def listed(card: Card, tmp_path: Path, sample: SampleServer) -> Path:
    """A shard of six videos without captions."""
    Bench(tmp_path).list([f"{sample.url}/watch/sample-{number:03d}.html" for number in WITHOUT_CAPTIONS])
    return tmp_path


def transcripts(root: Path) -> int:
    return len(list(root.glob("output/transcripts/*/manifest.json")))


def test_every_video_is_there_and_the_models_were_swapped_once(card: Card, listed: Path) -> None:
    bench = worker(listed, card.make(8).folder)
    assert bench.work(RUN).code is ExitCode.DONE
    assert bench.sample("ingestion_videos_total", result="succeeded", reason="") == len(WITHOUT_CAPTIONS)
    assert bench.sample("ingestion_oom_events_total", stage="embed", kind="load") == 1
    assert transcripts(listed) == len(WITHOUT_CAPTIONS)


def test_where_the_embedder_never_fits_what_was_heard_is_kept_and_never_heard_again(card: Card, listed: Path) -> None:
    conclusion = worker(listed, card.make(6).folder).work(RUN)
    assert conclusion.code is ExitCode.MEMORY_EXHAUSTED
    assert isinstance(conclusion.summary, ShardSummary)
    assert (conclusion.summary.failed, conclusion.summary.succeeded) == (0, 0)
    assert transcripts(listed) == len(WITHOUT_CAPTIONS)

    StandInRecogniser.batches.clear()
    elsewhere = worker(listed, Card(listed / "larger").make(24).folder)
    assert elsewhere.work(RUN).code is ExitCode.DONE
    assert elsewhere.sample("ingestion_videos_total", result="succeeded", reason="") == len(WITHOUT_CAPTIONS)
    assert len(StandInRecogniser.batches) == 1, "the one window that is measured with"


def test_a_leak_costs_no_video(card: Card, listed: Path) -> None:
    bench = worker(listed, card.make(9.2, leak_bytes=GIB // 8).folder)
    assert bench.work(RUN).code is ExitCode.DONE
    assert bench.sample("ingestion_videos_total", result="succeeded", reason="") == len(WITHOUT_CAPTIONS)
    assert bench.metrics.oom_events >= 1
