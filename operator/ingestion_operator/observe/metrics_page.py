"""From a worker's metrics page to a sample. The page is untrusted: whatever it says, a sample or nothing comes out."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import datetime
from itertools import islice

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from ingestion_contract import metrics
from ingestion_contract.metrics import Result, Stage, WorkerState
from ingestion_contract.summary import MAX_COUNT
from ingestion_operator.observe.worker_sample import WorkerSample

MAX_SAMPLES = 1000
MAX_LINE = 512
"""Twice what the longest of a worker has. What the parser takes for a line grows with the square of its labels."""
MAX_REASONS = 32
MAX_OVERHEAD = 1000.0
_MAX_UUID = 128
_REASON = re.compile(r"[A-Z][A-Za-z0-9]{0,63}")
_WANTED = (
    metrics.VIDEOS,
    metrics.OOM_EVENTS,
    metrics.AUDIO_SECONDS,
    metrics.WORKER_STATE,
    metrics.OWN_MEMORY,
    metrics.FLOOR_MEMORY,
    metrics.WINDOW_MEMORY,
    metrics.BATCH_SIZE,
    metrics.BATCH_CEILING,
    metrics.BATCH_OVERHEAD,
    metrics.GPU_UTILISATION,
    metrics.WINDOWS_WAITING,
    metrics.LIMITING_STAGE,
    metrics.DEVICE_MEMORY_USED,
    metrics.DEVICE_MEMORY_TOTAL,
    metrics.LIMITS_REVISION,
)


def parse_page(text: str, at: datetime) -> WorkerSample | None:
    """Return what the page says, or None if it is no page of metrics at all."""
    wanted = "\n".join(islice(filter(_is_wanted, text.splitlines()), MAX_SAMPLES))
    try:
        samples = [sample for family in text_string_to_metric_families(wanted + "\n") for sample in family.samples]
    except (ValueError, IndexError, KeyError, TypeError, AttributeError):
        return None
    return _sample(samples, at)


def _is_wanted(line: str) -> bool:
    return line.startswith(_WANTED) and len(line) <= MAX_LINE


def _sample(samples: list[Sample], at: datetime) -> WorkerSample | None:
    by_name: dict[str, list[Sample]] = {}
    for sample in samples:
        if _is_count(sample.value):
            by_name.setdefault(sample.name, []).append(sample)
    if not by_name:
        return None
    gpu = _gpu(by_name.get(metrics.DEVICE_MEMORY_TOTAL, []))
    return WorkerSample(
        at=at,
        state=_state(by_name.get(metrics.WORKER_STATE, [])),
        gpu_uuid=gpu,
        device_used=_of_gpu(by_name.get(metrics.DEVICE_MEMORY_USED, []), gpu),
        device_total=_of_gpu(by_name.get(metrics.DEVICE_MEMORY_TOTAL, []), gpu),
        own=_single(by_name.get(metrics.OWN_MEMORY, [])),
        floor=_single(by_name.get(metrics.FLOOR_MEMORY, [])) or None,
        window_bytes=_single(by_name.get(metrics.WINDOW_MEMORY, [])) or None,
        batch_size=_single(by_name.get(metrics.BATCH_SIZE, [])) or None,
        batch_ceiling=_single(by_name.get(metrics.BATCH_CEILING, [])) or None,
        batch_overhead=_ratio(by_name.get(metrics.BATCH_OVERHEAD, []), MAX_OVERHEAD) or None,
        utilisation=_ratio([s for s in by_name.get(metrics.GPU_UTILISATION, []) if _is_of(s, gpu)], 1.0),
        windows_waiting=_single(by_name.get(metrics.WINDOWS_WAITING, [])),
        limiting=_limiting(by_name.get(metrics.LIMITING_STAGE, [])),
        oom_events=_sum(by_name.get(metrics.OOM_EVENTS, [])),
        audio_seconds=_sum(by_name.get(metrics.AUDIO_SECONDS, [])),
        limits_revision=_single(by_name.get(metrics.LIMITS_REVISION, [])),
        results=_results(by_name.get(metrics.VIDEOS, [])),
    )


def _is_count(value: float) -> bool:
    return math.isfinite(value) and 0 <= value <= MAX_COUNT


def _single(samples: list[Sample]) -> int | None:
    return int(samples[0].value) if samples else None


def _sum(samples: Iterable[Sample]) -> int:
    return min(MAX_COUNT, sum(int(sample.value) for sample in samples))


def _gpu(totals: list[Sample]) -> str | None:
    """Return the worker's device; of several, always the same one."""
    named = (sample.labels.get("gpu_uuid", "") for sample in totals if sample.value > 0)
    return min((uuid for uuid in named if 0 < len(uuid) <= _MAX_UUID), default=None)


def _of_gpu(samples: list[Sample], gpu: str | None) -> int | None:
    return _single([sample for sample in samples if _is_of(sample, gpu)])


def _is_of(sample: Sample, gpu: str | None) -> bool:
    return gpu is not None and sample.labels.get("gpu_uuid") == gpu


def _ratio(samples: list[Sample], most: float) -> float | None:
    return min(most, float(samples[0].value)) if samples else None


def _limiting(samples: list[Sample]) -> Stage | None:
    for sample in samples:
        label = sample.labels.get("stage")
        if sample.value == 1 and label in set(Stage):
            return Stage(label)
    return None


def _state(samples: list[Sample]) -> WorkerState | None:
    for sample in samples:
        label = sample.labels.get("state")
        if sample.value == 1 and label in set(WorkerState):
            return WorkerState(label)
    return None


def _results(samples: list[Sample]) -> dict[tuple[Result, str], int]:
    counts: dict[tuple[Result, str], int] = {}
    for sample in samples:
        label, reason = sample.labels.get("result"), sample.labels.get("reason", "")
        if label not in set(Result) or (reason and not _REASON.fullmatch(reason)):
            continue
        key = (Result(label), reason)
        if key in counts or len(counts) < MAX_REASONS:
            counts[key] = min(MAX_COUNT, counts.get(key, 0) + int(sample.value))
    return counts
