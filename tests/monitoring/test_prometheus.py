"""A real Prometheus scrapes what the operator serves, and its alerts fire and clear."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from dev.grafana.alerts import groups
from dev.prometheus import Prometheus
from ingestion_contract.status import Condition, ConditionStatus, ConditionType, IngestionRunStatus, Videos
from ingestion_operator.observe.packed import PackedRun
from ingestion_operator.observe.worker_sample import WorkerSample
from ingestion_operator.telemetry.collector import RunsCollector
from ingestion_operator.telemetry.metrics import Metrics
from ingestion_operator.telemetry.readings import SeenRun
from ingestion_operator.telemetry.server import Endpoint, serve
from tests.operator.kit import GIB, NOW, make_raw_run, make_run, make_sample, make_snapshot, make_status
from tests.operator.telemetry.kit import free_port

LIMIT_SECONDS = 60.0
LOST = Videos(total=200, succeeded=15, failed=5)


def run(name: str, samples: list[WorkerSample | None], status: IngestionRunStatus | None = None) -> SeenRun:
    status = status or make_status(len(samples))
    raw = make_raw_run(make_run(name=name), status.to_wire(), uid=name)
    return SeenRun(PackedRun(raw), make_snapshot(samples, status=status))


def with_condition(kind: ConditionType, reason: str, **update: Any) -> IngestionRunStatus:
    found = Condition(type=kind, status=ConditionStatus.TRUE, reason=reason, last_transition_time=NOW)
    return make_status(2).model_copy(update={"conditions": [found], **update})


def in_trouble() -> list[SeenRun]:
    full = make_sample(device_used=23 * GIB, utilisation=0.01, windows_waiting=40)
    return [
        run("talks", [full, None], with_condition(ConditionType.STALLED, "OOMAtMinimum", videos=LOST)),
        run("feed", [], with_condition(ConditionType.SOURCE_BLOCKED, "SourceBlocked")),
        run("odd", [], with_condition(ConditionType.STALLED, "InvalidSpec")),
    ]


def well() -> list[SeenRun]:
    return [run(name, [make_sample(utilisation=0.9)]) for name in ("talks", "feed")]


def at_once() -> list[dict[str, Any]]:
    """The alerts, which do not wait for how long something lasts."""
    found = groups()
    for group in found:
        del group["rules"][0]["for"]
    return found


def test_alerts_fire_and_clear_in_a_real_prometheus(tmp_path: Path) -> None:
    metrics, runs, port = Metrics(), in_trouble(), free_port()
    metrics.registry.register(RunsCollector(lambda: tuple(runs), lambda: NOW))
    scrape = {
        "job_name": "ingestion-operator",
        "honor_labels": True,
        "static_configs": [{"targets": [f"127.0.0.1:{port}"], "labels": {"namespace": "of-the-operator"}}],
    }
    prometheus = Prometheus(tmp_path, [scrape], at_once())
    whole = {group["rules"][0]["alert"] for group in at_once()}
    unseen = {"IngestionOperatorNotReconciling"}

    def until(expected: set[str], *, answered: int) -> dict[str, Mapping[str, str]]:
        """Let the operator go on reading its workers' metrics until these alerts fire and no other."""
        ends = monotonic() + LIMIT_SECONDS
        while set(alerts := prometheus.firing()) != expected:
            assert monotonic() < ends, f"fire: {sorted(alerts)}; expected: {sorted(expected)}"
            metrics.count_scrapes(asked=1000, answered=answered)
            metrics.count_look(0.01)
            sleep(0.2)
        return alerts

    with prometheus.running():
        with serve(Endpoint("127.0.0.1", port), metrics.registry):
            alerts = until(whole - unseen, answered=100)
            assert (alerts["IngestionOOMAtMinimum"]["namespace"], alerts["IngestionOOMAtMinimum"]["run"]) == (
                "default",
                "talks",
            )
            runs[:] = well()
            for _ in range(100):
                metrics.count_scrapes(asked=1000, answered=1000)
            until(set(), answered=1000)
        until(unseen, answered=1000)
