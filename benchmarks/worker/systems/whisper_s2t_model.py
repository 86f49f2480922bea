"""WhisperS2T with CTranslate2: it fills its batches across files, too."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.worker.job import Job, Transcribe


def start(job: Job) -> Transcribe:
    """Load the model. Its fast settings, less a repetition penalty that no other system has."""
    import torch
    import whisper_s2t  # type: ignore[import-not-found]
    from whisper_s2t.backends.ctranslate2.model import FAST_ASR_OPTIONS  # type: ignore[import-not-found]

    torch.set_num_threads(job.threads)
    model = whisper_s2t.load_model(
        job.model,
        backend="CTranslate2",
        device="cpu",
        compute_type=job.compute_type,
        cpu_threads=job.threads,
        num_workers=1,
        asr_options={**FAST_ASR_OPTIONS, "repetition_penalty": 1.0},
    )

    def transcribe(files: Sequence[str]) -> list[str]:
        found = model.transcribe_with_vad(
            list(files), lang_codes=["en"], tasks=["transcribe"], initial_prompts=[None], batch_size=job.batch
        )
        return [" ".join(segment["text"].strip() for segment in file) for file in found]

    return transcribe
