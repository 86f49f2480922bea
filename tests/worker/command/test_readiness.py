"""/ready and /metrics."""

from collections.abc import Iterator
from threading import Event
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from ingestion_contract import metrics as names
from ingestion_contract.metrics import OomKind, Result, Stage, WorkerState
from ingestion_worker.device import DeviceMemory
from ingestion_worker.device.none import NoDevice
from ingestion_worker.telemetry.metrics import Metrics
from ingestion_worker.telemetry.server import serve


class Gpu(NoDevice):
    uuid = "GPU-1"

    def memory(self) -> DeviceMemory:
        return DeviceMemory(total=100, used=60, own=40)

    def utilisation(self) -> float:
        return 0.5


@pytest.fixture
def stop() -> Event:
    return Event()


@pytest.fixture
def metrics(stop: Event) -> Metrics:
    return Metrics(Gpu(), stop)


@pytest.fixture
def url(metrics: Metrics) -> Iterator[str]:
    server = serve(metrics, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def get(url: str) -> tuple[int, str]:
    try:
        with urlopen(url, timeout=5) as answer:
            return answer.status, answer.read().decode().strip()
    except HTTPError as error:
        return error.code, error.read().decode().strip()


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (WorkerState.STARTING, 200),
        (WorkerState.WORKING, 200),
        (WorkerState.WAITING_FOR_SOURCE, 200),
        (WorkerState.WAITING_FOR_MEMORY, 503),
    ],
)
def test_a_worker_is_ready_unless_it_lacks_memory(metrics: Metrics, url: str, state: WorkerState, status: int) -> None:
    metrics.set_state(state)
    assert get(f"{url}/ready") == (status, state)
    assert f'{names.WORKER_STATE}{{state="{state}"}} 1.0' in get(f"{url}/metrics")[1]


def test_one_that_lacked_memory_is_ready_again_when_it_works_and_not_while_it_tries(metrics: Metrics, url: str) -> None:
    metrics.set_state(WorkerState.WAITING_FOR_MEMORY)
    metrics.set_state(WorkerState.STARTING)
    assert get(f"{url}/ready") == (503, "starting")
    metrics.set_state(WorkerState.WORKING)
    assert get(f"{url}/ready") == (200, "working")


def test_a_worker_that_is_asked_to_stop_is_not_ready(metrics: Metrics, url: str, stop: Event) -> None:
    metrics.set_state(WorkerState.WORKING)
    stop.set()
    assert get(f"{url}/ready") == (503, "stopping")


def test_every_metric_of_the_contract_is_there(metrics: Metrics, url: str) -> None:
    metrics.count_video(Result.SKIPPED, "Gone")
    metrics.count_oom(Stage.ASR, OomKind.BATCH)
    with metrics.time(Stage.FETCH):
        pass
    shown = get(f"{url}/metrics")[1]
    for name in (value for key, value in vars(names).items() if key.isupper() and str(value).startswith("ingestion_")):
        assert f"\n{name}" in f"\n{shown}", name
    assert 'ingestion_videos_total{reason="Gone",result="skipped"} 1.0' in shown
    assert 'ingestion_device_memory_used_bytes{gpu_uuid="GPU-1"} 60.0' in shown
    assert "_created" not in shown


def test_anything_else_is_404(url: str) -> None:
    assert get(f"{url}/")[0] == 404
