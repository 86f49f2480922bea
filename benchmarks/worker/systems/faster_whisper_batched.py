"""faster-whisper's batched pipeline: windows of one file at a time."""

from __future__ import annotations

from collections.abc import Sequence

from faster_whisper import BatchedInferencePipeline, WhisperModel

from benchmarks.worker.job import Job, Transcribe


def start(job: Job) -> Transcribe:
    """Load the model."""
    model = WhisperModel(job.model, device="cpu", compute_type=job.compute_type, cpu_threads=job.threads)
    pipeline = BatchedInferencePipeline(model)

    def text(file: str) -> str:
        segments, _ = pipeline.transcribe(
            file, language="en", beam_size=1, temperature=[0.0], batch_size=job.batch, without_timestamps=True
        )
        return " ".join(segment.text.strip() for segment in segments)

    def transcribe(files: Sequence[str]) -> list[str]:
        return [text(file) for file in files]

    return transcribe
