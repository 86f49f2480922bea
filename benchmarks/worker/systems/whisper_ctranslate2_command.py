"""The command `whisper-ctranslate2`, called in this process: it loads its model at each call."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import mkdtemp

from benchmarks.worker.job import Job, Transcribe


def start(job: Job) -> Transcribe:
    """Import the command. It has no option to leave out timestamps but `--batched`, which is also its faster way."""
    from whisper_ctranslate2.whisper_ctranslate2 import main  # type: ignore[import-not-found]

    def transcribe(files: Sequence[str]) -> list[str]:
        folder = mkdtemp(dir=job.scratch)
        sys.argv = [
            "whisper-ctranslate2",
            *files,
            *("--model_directory", job.model, "--device", "cpu", "--compute_type", job.compute_type),
            *("--threads", str(job.threads), "--batched", "True", "--batch_size", str(job.batch)),
            *("--language", "en", "--beam_size", "1"),
            *("--temperature", "0", "--temperature_increment_on_fallback", "None"),
            *("--output_dir", folder, "--output_format", "txt", "--verbose", "False"),
        ]
        main()
        return [" ".join((Path(folder) / f"{Path(file).stem}.txt").read_text().split()) for file in files]

    return transcribe
