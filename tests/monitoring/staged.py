"""An operator and two workers that have something to say under every metric that they register."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Event
from typing import Any

from prometheus_client import CollectorRegistry

from ingestion_contract.metrics import OomKind, Result, Stage, WorkerState
from ingestion_contract.status import (
    Adaptation,
    Condition,
    ConditionStatus,
    ConditionType,
    IngestionRunStatus,
    MemoryStatus,
    Videos,
)
from ingestion_operator.decision.decision import Lever, Verdict
from ingestion_operator.observe.packed import PackedRun
from ingestion_operator.observe.worker_sample import WorkerSample
from ingestion_operator.telemetry.collector import RunsCollector
from ingestion_operator.telemetry.metrics import Metrics as OperatorMetrics
from ingestion_operator.telemetry.names import ErrorKind
from ingestion_operator.telemetry.readings import SeenRun
from ingestion_worker.device import DeviceMemory
from ingestion_worker.device.none import NoDevice
from ingestion_worker.telemetry.metrics import Metrics as WorkerMetrics
from tests.operator.kit import GIB, NOW, ago, make_raw_run, make_run, make_sample, make_snapshot, make_status, waiting
from tests.operator.telemetry.kit import served

NAMESPACE, RUN = "default", "talks"


def seen(name: str, samples: list[WorkerSample | None], status: IngestionRunStatus) -> SeenRun:
    raw = make_raw_run(make_run(name=name), status.to_wire(), uid=name)
    return SeenRun(PackedRun(raw), make_snapshot(samples, status=status))


def condition(kind: ConditionType, reason: str) -> Condition:
    return Condition(type=kind, status=ConditionStatus.TRUE, reason=reason, last_transition_time=NOW)


class StagedOperator:
    """The operator's registry; the run `talks` is in trouble in many ways, and gets on as time passes."""

    def __init__(self) -> None:
        self.metrics = OperatorMetrics()
        self._done = 20
        self.metrics.registry.register(RunsCollector(self._runs, lambda: NOW))
        self.metrics.watch_longest_look(lambda: 0.5)
        self.metrics.count_decision(Verdict(Lever.PARALLELISM, 2, "MemoryPressure", "2 of 4 workers wait"))

    def pass_time(self) -> None:
        """Look at runs and at workers, and finish a video."""
        self._done = min(self._done + 1, 190)
        self.metrics.count_look(0.01)
        self.metrics.count_scrapes(asked=4, answered=3)
        for kind in ErrorKind:
            self.metrics.count_error(kind)

    def _runs(self) -> list[SeenRun]:
        full = make_sample(device_used=23 * GIB, utilisation=0.01, windows_waiting=40, audio_seconds=self._done)
        talks: dict[str, Any] = {
            "videos": Videos(total=200, succeeded=self._done, failed=5, skipped=2),
            "memory": MemoryStatus(oom_total=3),
            "adaptations": [
                Adaptation(time=NOW, lever=Lever.PARALLELISM, from_=4, to=2, reason="MemoryPressure", message="")
            ],
            "conditions": [condition(ConditionType.STALLED, "OOMAtMinimum")],
        }
        levers = make_status(2, ceiling=3, ceiling_expires_at=ago(-600), budget_percent=90)
        over = {"completion_time": NOW, "conditions": [condition(ConditionType.COMPLETE, "Ingested")]}
        return [
            seen(RUN, [full, waiting(), None], levers.model_copy(update=talks)),
            seen("lectures", [make_sample()], make_status(1)),
            seen("over", [], make_status(1).model_copy(update=over)),
        ]


class Gpu(NoDevice):
    uuid = "GPU-1a2b"

    def memory(self) -> DeviceMemory:
        return DeviceMemory(total=24 * GIB, used=20 * GIB, own=9 * GIB)

    def utilisation(self) -> float:
        return 0.5


class StagedWorker:
    """The registry of a worker that has been through everything."""

    def __init__(self) -> None:
        self.metrics = WorkerMetrics(Gpu(), Event())
        self.metrics.set_state(WorkerState.WORKING)
        self.metrics.watch_stages({stage: lambda: 3 for stage in Stage}, dict.fromkeys(Stage, 2))
        for gauge in (self.metrics.batch_size, self.metrics.batch_ceiling, self.metrics.batch_overhead):
            gauge.set(8)
        for gauge in (self.metrics.floor, self.metrics.window_memory):
            gauge.set(GIB)
        self.metrics.limits_revision.set(2)
        self.pass_time()

    def pass_time(self) -> None:
        """Finish a video in each way, run out of memory in each way, and go through every stage."""
        for result in Result:
            self.metrics.count_video(result, "" if result is Result.SUCCEEDED else "Gone")
        for kind in OomKind:
            self.metrics.count_oom(Stage.ASR, kind)
        for stage in Stage:
            with self.metrics.time(stage):
                pass
        self.metrics.count_audio(60)


def labels_of(*registries: CollectorRegistry) -> dict[str, dict[str, set[str]]]:
    """The values of each label of each series that registries have, by name of series and of label."""
    found: dict[str, dict[str, set[str]]] = {}
    for registry in registries:
        for family in registry.collect():
            for sample in family.samples:
                labels = found.setdefault(sample.name, {})
                for label, value in sample.labels.items():
                    labels.setdefault(label, set()).add(value)
    return found


class Served:
    """All of them, and where Prometheus finds them."""

    def __init__(self, operator: StagedOperator, workers: list[StagedWorker], ports: list[int]) -> None:
        self.operator = operator
        self.workers = workers
        self._ports = ports

    def pass_time(self) -> None:
        self.operator.pass_time()
        for worker in self.workers:
            worker.pass_time()

    @property
    def scrape_configs(self) -> list[dict[str, Any]]:
        """With the labels that a ServiceMonitor and a PodMonitor add."""
        operator, *workers = self._ports
        return [
            {
                "job_name": "ingestion-operator",
                "honor_labels": True,
                "static_configs": [{"targets": [f"127.0.0.1:{operator}"], "labels": {"namespace": "of-the-operator"}}],
            },
            {
                "job_name": "ingestion-workers",
                "static_configs": [
                    {
                        "targets": [f"127.0.0.1:{port}"],
                        "labels": {"namespace": NAMESPACE, "run": RUN, "pod": f"{RUN}-work-{number}"},
                    }
                    for number, port in enumerate(workers)
                ],
            },
        ]


@contextmanager
def staged() -> Iterator[Served]:
    """Serve the metrics of an operator and two workers."""
    operator, workers = StagedOperator(), [StagedWorker(), StagedWorker()]
    registries = [operator.metrics.registry, *(worker.metrics.registry for worker in workers)]
    with ExitStack() as stack:
        ports = [stack.enter_context(served(registry)) for registry in registries]
        yield Served(operator, workers, ports)
