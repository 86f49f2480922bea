"""The recorder of a worker's timeline."""

import logging
from collections.abc import Sequence
from pathlib import Path
from threading import Event

import pytest

from ingestion_contract import layout
from ingestion_contract.records import StoredFile, Timeline
from ingestion_worker.conclusion import OutputUnavailable
from ingestion_worker.device.none import NoDevice
from ingestion_worker.output.store import Store
from ingestion_worker.pipeline.timeline import TimelineRecorder, halved
from ingestion_worker.telemetry.metrics import Metrics
from tests.worker.report.sample import sample_at
from tests.worker.support.runs import wait_for


def timelines(store: Store) -> list[Timeline]:
    paths: Sequence[str] = store.list(layout.timelines("u"))
    return list(store.read_records(paths, Timeline).values())


def test_what_was_measured_is_there_at_the_end(tmp_path: Path) -> None:
    store = Store(f"file://{tmp_path}")
    metrics = Metrics(NoDevice(), Event())
    with TimelineRecorder(store, "u", 3, metrics, NoDevice(), period_seconds=60):
        metrics.count_audio(12.5)
    (found,) = timelines(store)
    assert (found.shard, found.device, found.simulated) == (3, "CPU", False)
    assert found.samples[-1].audio_seconds == 12.5


def test_however_long_it_takes_the_timeline_is_bounded(tmp_path: Path) -> None:
    store = Store(f"file://{tmp_path}")
    taken = iter(range(1_000_000))

    class Counting(Metrics):
        last = 0

        def sample(self):  # type: ignore[no-untyped-def]
            self.last = next(taken)
            return super().sample()

    metrics = Counting(NoDevice(), Event())
    with TimelineRecorder(store, "u", 0, metrics, NoDevice(), period_seconds=0.001, most_samples=8):
        wait_for(lambda: metrics.last > 40, "more samples than fit")
    (found,) = timelines(store)
    assert len(found.samples) <= 8
    assert [sample.at for sample in found.samples] == sorted(sample.at for sample in found.samples)


def test_halving_keeps_peaks_and_the_latest_counts() -> None:
    samples = [sample_at(at, used_bytes=9 if at == 2 else 1, oom_events=at) for at in range(5)]
    kept = halved(samples)
    assert [sample.oom_events for sample in kept] == [1, 3, 4]
    assert [sample.used_bytes for sample in kept] == [1, 9, 1]


def test_an_output_that_refuses_is_logged_once_and_harms_nothing(caplog: pytest.LogCaptureFixture) -> None:
    class Refusing(Store):
        def write(self, path: str, content: bytes) -> StoredFile:
            raise OutputUnavailable("the disk is full")

    metrics = Metrics(NoDevice(), Event())
    with (
        caplog.at_level(logging.WARNING),
        TimelineRecorder(Refusing("memory://x"), "u", 0, metrics, NoDevice(), period_seconds=60),
    ):
        pass
    assert [record.message for record in caplog.records] == [
        "the report will lack a part of this attempt's timeline: the disk is full"
    ]
