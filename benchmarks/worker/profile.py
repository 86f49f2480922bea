"""What the stages beside the model cost on a processor: the worker's own, one after the other, in one thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import numpy as np

from ingestion_worker.media.audio import SAMPLE_RATE, stream
from ingestion_worker.media.features import FeatureMaker, FeatureSettings
from ingestion_worker.media.voice import voiced_spans

T = TypeVar("T")


def profile(path: Path) -> Mapping[str, float]:
    """Return the processor seconds that each stage takes for a file of a few minutes, models loaded before."""
    features = FeatureMaker(FeatureSettings())
    silence = np.zeros(SAMPLE_RATE, np.float32)
    voiced_spans(silence)
    features(silence)
    decoding, samples = _timed(lambda: np.concatenate(list(stream(path))))
    finding, spans = _timed(lambda: voiced_spans(samples))
    pieces = [samples[int(span.start * SAMPLE_RATE) : int(span.end * SAMPLE_RATE)] for span in spans]
    speech = np.concatenate(pieces) if pieces else silence
    windows = [speech[at : at + 30 * SAMPLE_RATE] for at in range(0, len(speech), 30 * SAMPLE_RATE)]
    making, _ = _timed(lambda: [features(window) for window in windows])
    return {"decode": decoding, "find speech": finding, "features": making}


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    began = time.process_time()
    result = work()
    return time.process_time() - began, result
