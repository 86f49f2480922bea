"""The founding incident's worker: four processes, each with its own models, and the fix of the day after each video."""

from __future__ import annotations

import gc
import multiprocessing
from collections.abc import Sequence
from dataclasses import replace
from multiprocessing.synchronize import Barrier
from typing import Any

from benchmarks.worker.job import Job, Transcribe
from benchmarks.worker.systems import faster_whisper_sequential

PROCESSES = 4

_models: dict[str, Any] = {}


def start(job: Job) -> Transcribe:
    """Start the processes, each with one thread: on two cores, twice what there is."""
    spawn = multiprocessing.get_context("spawn")
    barrier = spawn.Barrier(PROCESSES)
    pool = spawn.Pool(PROCESSES, _load, (job, barrier))

    def transcribe(files: Sequence[str]) -> list[str]:
        return pool.map(_video, files, chunksize=1)

    return transcribe


def _load(job: Job, all_loaded: Barrier) -> None:
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(1)
    _models["asr"] = faster_whisper_sequential.start(replace(job, threads=1))
    _models["embedder"] = SentenceTransformer(job.embedder, device="cpu")
    all_loaded.wait()


def _video(file: str) -> str:
    import torch

    (text,) = _models["asr"]([file])
    _models["embedder"].encode([text], normalize_embeddings=True, show_progress_bar=False)
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return str(text)
