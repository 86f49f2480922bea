"""WhisperX: its batched pipeline, with the voice activity detection that it brings; no alignment, no diarisation."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.worker.job import Job, Transcribe


def start(job: Job) -> Transcribe:
    """Load the model."""
    import torch
    import whisperx  # type: ignore[import-not-found]

    torch.set_num_threads(job.threads)
    pipeline = whisperx.load_model(
        job.model,
        device="cpu",
        compute_type=job.compute_type,
        language="en",
        threads=job.threads,
        asr_options={"beam_size": 1, "temperatures": [0.0]},
    )

    def text(file: str) -> str:
        found = pipeline.transcribe(whisperx.load_audio(file), batch_size=job.batch)
        return " ".join(segment["text"].strip() for segment in found["segments"])

    def transcribe(files: Sequence[str]) -> list[str]:
        return [text(file) for file in files]

    return transcribe
