"""faster-whisper's `transcribe`, one window after the other."""

from __future__ import annotations

from collections.abc import Sequence

from faster_whisper import WhisperModel

from benchmarks.worker.job import Job, Transcribe


def start(job: Job) -> Transcribe:
    """Load the model. Without timestamps, as the batched systems do, and without the text before as a prompt."""
    model = WhisperModel(job.model, device="cpu", compute_type=job.compute_type, cpu_threads=job.threads)

    def text(file: str) -> str:
        segments, _ = model.transcribe(
            file,
            language="en",
            beam_size=1,
            temperature=[0.0],
            vad_filter=True,
            without_timestamps=True,
            condition_on_previous_text=False,
        )
        return " ".join(segment.text.strip() for segment in segments)

    def transcribe(files: Sequence[str]) -> list[str]:
        return [text(file) for file in files]

    return transcribe
