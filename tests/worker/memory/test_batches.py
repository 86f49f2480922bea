"""Batches on the device: filled from several videos, halved when memory runs out, nothing lost."""

import pytest

from dev.sample_media.server import SampleServer
from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.summary import ShardSummary
from ingestion_worker.device.simulated import create, physics
from ingestion_worker.device.simulated.device import SimulatedGpu
from tests.worker.support.http_source import Answer, HttpSource
from tests.worker.support.in_process import Bench
from tests.worker.support.runs import run_of
from tests.worker.support.stand_ins import StandInEmbedder, StandInRecogniser

WITHOUT_CAPTIONS = [number for number in range(1, 16) if number % 4]


def urls(sample: SampleServer, count: int) -> list[str]:
    return [f"{sample.url}/watch/sample-{number:03d}.html" for number in WITHOUT_CAPTIONS[:count]]


def test_batches_that_run_out_of_memory_are_halved_and_every_window_is_heard(
    bench: Bench, source: HttpSource, long_speech: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StandInRecogniser, "most", 2)
    bench.list([source.set("/long.wav", Answer(long_speech, kind="audio/wav"))])
    assert bench.work(run_of(["http://unused"])).code is ExitCode.DONE
    assert bench.sample("ingestion_videos_total", result="succeeded", reason="") == 1
    worked = [size for size in StandInRecogniser.batches if size <= 2]
    assert bench.sample("ingestion_oom_events_total", stage="asr", kind="batch") == len(
        StandInRecogniser.batches
    ) - len(worked)
    assert sum(worked) >= 9


def test_the_embedder_halves_too(bench: Bench, sample: SampleServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StandInEmbedder, "most", 1)
    bench.list(urls(sample, 8))
    assert bench.work(run_of(["http://unused"])).code is ExitCode.DONE
    assert bench.sample("ingestion_videos_total", result="succeeded", reason="") == 8


def test_with_a_budget_a_batch_holds_windows_of_several_videos_and_stays_below_it(
    bench: Bench, sample: SampleServer
) -> None:
    create(bench.root / "gpu", 24 * physics.GIB)
    governed = Bench(bench.root, SimulatedGpu(bench.root / "gpu"))
    budget = int(9.6 * physics.GIB)
    (bench.root / "limits.json").write_text(f'{{"revision": 3, "budgetBytes": {budget}}}')
    governed.list(urls(sample, 11))
    assert governed.work(run_of(["http://unused"])).code is ExitCode.DONE
    assert governed.sample("ingestion_batch_ceiling") == 4
    assert governed.sample("ingestion_limits_revision") == 3
    assert governed.sample("ingestion_memory_own_bytes") < budget
    assert governed.sample("ingestion_memory_floor_bytes") / physics.GIB == pytest.approx(8.6, abs=0.05)
    assert max(StandInRecogniser.batches) <= 4
    assert governed.sample("ingestion_gpu_utilisation_ratio", gpu_uuid=governed.device.uuid) > 0


def test_what_never_fits_ends_with_85_rather_than_in_endless_attempts(
    bench: Bench, sample: SampleServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StandInRecogniser, "most", 0)
    bench.list(urls(sample, 1))
    conclusion = bench.work(run_of(["http://unused"]))
    assert conclusion.code is ExitCode.MEMORY_EXHAUSTED
    assert isinstance(conclusion.summary, ShardSummary)
    assert conclusion.summary.failed == 0, "memory never consumes a video's attempts"
    assert bench.sample("ingestion_oom_events_total", stage="asr", kind="batch") == 4, "each way twice"


def test_without_a_budget_a_batch_is_one(bench: Bench, sample: SampleServer) -> None:
    create(bench.root / "gpu", 24 * physics.GIB)
    governed = Bench(bench.root, SimulatedGpu(bench.root / "gpu"))
    governed.list(urls(sample, 3))
    assert governed.work(run_of(["http://unused"])).code is ExitCode.DONE
    assert set(StandInRecogniser.batches) == {1}
