"""The systems, each a module with `start(job) -> Transcribe`, which runs in a process and an environment of its own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class System:
    """A system.

    Attributes:
        module: where its `start` is.
        about: what it is, in a few words.
        environment: a folder of `peers.root()`, or None for the product's own.
        embeds: whether it makes vectors, too.
        cold: whether its time from the start of the process says anything.
    """

    module: str
    about: str
    environment: str | None = None
    embeds: bool = False
    cold: bool = True


OURS = "ours"
SEQUENTIAL = "faster-whisper"
MODEL_ONLY = "model-only"
EMBEDDING = "ours-with-embedding"
INCIDENT = "incident"

_HERE = "benchmarks.worker.systems"

SYSTEMS = {
    OURS: System(f"{_HERE}.ours", "the worker, with nothing to embed with"),
    EMBEDDING: System(f"{_HERE}.ours_with_embedding", "the worker as it is", embeds=True),
    MODEL_ONLY: System(f"{_HERE}.model_only", "features made before, the same batches, nothing else", cold=False),
    INCIDENT: System(f"{_HERE}.incident", "4 processes, each with its models, emptied after each video", embeds=True),
    SEQUENTIAL: System(f"{_HERE}.faster_whisper_sequential", "`WhisperModel.transcribe`"),
    "faster-whisper-batched": System(f"{_HERE}.faster_whisper_batched", "`BatchedInferencePipeline`, file by file"),
    "whisper-ctranslate2": System(
        f"{_HERE}.whisper_ctranslate2_command", "the command, with `--batched`", environment="whisper-ctranslate2"
    ),
    "whisperx": System(f"{_HERE}.whisperx_pipeline", "its batched pipeline, file by file", environment="whisperx"),
    "whisper-s2t": System(f"{_HERE}.whisper_s2t_model", "batches across files", environment="whisper-s2t"),
}
