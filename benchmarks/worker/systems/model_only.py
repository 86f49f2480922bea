"""The bound: the model alone, on windows whose features lie ready, in the worker's batches."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import get_suppressed_tokens

from benchmarks.worker.job import Job, Transcribe
from ingestion_worker.media import sections
from ingestion_worker.media.features import Features, FeatureSettings


def start(job: Job) -> Transcribe:
    """Load the model, and make the features of all files with the worker's own code."""
    whisper = WhisperModel(job.model, device="cpu", compute_type=job.compute_type, cpu_threads=job.threads)
    tokenizer = Tokenizer(whisper.hf_tokenizer, whisper.model.is_multilingual, task="transcribe", language="en")
    prompt = whisper.get_prompt(tokenizer, [], without_timestamps=True)
    suppressed = list(get_suppressed_tokens(tokenizer, [-1]))
    windows = {file: _windows(file) for file in {*job.files, job.warm_up}}

    def batch(features: Sequence[Features]) -> list[str]:
        encoded = whisper.encode(np.stack(features))
        results = whisper.model.generate(
            encoded, [prompt] * len(features), beam_size=1, suppress_blank=True, suppress_tokens=suppressed
        )
        return [tokenizer.decode(result.sequences_ids[0]).strip() for result in results]

    def transcribe(files: Sequence[str]) -> list[str]:
        queue = [features for file in files for features in windows[file]]
        texts = (text for first in range(0, len(queue), job.batch) for text in batch(queue[first : first + job.batch]))
        return [" ".join(next(texts) for _ in windows[file]) for file in files]

    return transcribe


def _windows(file: str) -> list[Features]:
    found = sections.read(Path(file), FeatureSettings(), sections.Start())
    return [window.features for window in found if isinstance(window, sections.Window)]
