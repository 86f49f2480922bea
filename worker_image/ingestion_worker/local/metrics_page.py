"""Reads a worker's metrics over loopback, as the operator does in a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPException
from urllib.request import ProxyHandler, build_opener

from prometheus_client.parser import text_string_to_metric_families

from ingestion_contract import metrics as names
from ingestion_contract.metrics import Result, Stage, WorkerState

TIMEOUT_SECONDS = 2.0

_OPENER = build_opener(ProxyHandler({}))


@dataclass(frozen=True)
class Page:
    """What one worker says of itself. Counts are its process's; bytes are of the device."""

    state: WorkerState | None = None
    results: dict[Result, int] = field(default_factory=dict)
    oom_events: int = 0
    audio_seconds: float = 0.0
    batch: int = 0
    ceiling: int = 0
    floor: int = 0
    own: int = 0
    used: int = 0
    total: int = 0
    utilisation: float | None = None
    waiting: dict[Stage, int] = field(default_factory=dict)
    limiting: Stage | None = None


def read(port: int) -> Page | None:
    """Return what the worker at a port of this machine says; None if it does not answer now."""
    try:
        with _OPENER.open(f"http://127.0.0.1:{port}{names.PATH}", timeout=TIMEOUT_SECONDS) as answer:
            return parse(answer.read().decode())
    except (OSError, HTTPException, ValueError):
        return None


def parse(text: str) -> Page:
    """Read a page of metrics.

    Raises:
        ValueError: it is none.
    """
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]

    def each(name: str) -> Iterator[tuple[dict[str, str], float]]:
        return ((sample.labels, sample.value) for sample in samples if sample.name == name)

    def total(name: str) -> float:
        return sum(value for _, value in each(name))

    results: dict[Result, int] = {}
    for labels, value in each(names.VIDEOS):
        result = Result(labels["result"])
        results[result] = results.get(result, 0) + round(value)
    return Page(
        state=next((WorkerState(labels["state"]) for labels, value in each(names.WORKER_STATE) if value), None),
        results=results,
        oom_events=round(total(names.OOM_EVENTS)),
        audio_seconds=total(names.AUDIO_SECONDS),
        batch=round(total(names.BATCH_SIZE)),
        ceiling=round(total(names.BATCH_CEILING)),
        floor=round(total(names.FLOOR_MEMORY)),
        own=round(total(names.OWN_MEMORY)),
        used=round(total(names.DEVICE_MEMORY_USED)),
        total=round(total(names.DEVICE_MEMORY_TOTAL)),
        utilisation=next((value for _, value in each(names.GPU_UTILISATION)), None),
        waiting={Stage(labels["stage"]): round(value) for labels, value in each(names.STAGE_WAITING)},
        limiting=next((Stage(labels["stage"]) for labels, value in each(names.LIMITING_STAGE) if value), None),
    )
