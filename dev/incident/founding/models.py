"""The models of one process: loaded when they are first needed, and kept."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import torch
from faster_whisper import WhisperModel
from sentence_transformers import SentenceTransformer

from ingestion_contract.metrics import Stage
from ingestion_worker.device.simulated.device import SimulatedGpu


class Models:
    """A speech model and an embedder, on the simulated GPU.

    Args:
        gpu: the device, of which this process holds a part.
        asr: folder of the speech model.
        embedder: folder of the embedder.
    """

    def __init__(self, gpu: SimulatedGpu, asr: Path, embedder: Path) -> None:
        self._gpu = gpu
        self._asr_folder = asr
        self._embedder_folder = embedder
        self._asr: Any = None
        self._embedder: Any = None

    def transcribe(self, audio: Path) -> str:
        """Return what is said in a file of one window.

        Raises:
            RuntimeError: device memory ran out, in CTranslate2's words.
        """
        if self._asr is None:
            with self._gpu.load(Stage.ASR):
                self._asr = WhisperModel(str(self._asr_folder), device="cpu", compute_type="int8", cpu_threads=1)
        with self._gpu.run(Stage.ASR, 1):
            segments, _ = self._asr.transcribe(
                str(audio), language="en", beam_size=1, without_timestamps=True, vad_filter=True
            )
            return " ".join(segment.text.strip() for segment in segments)

    def embed(self, text: str) -> list[float]:
        """Return the vector of a text.

        Raises:
            torch.OutOfMemoryError: device memory ran out.
        """
        if self._embedder is None:
            with self._gpu.load(Stage.EMBED):
                torch.set_num_threads(1)
                self._embedder = SentenceTransformer(str(self._embedder_folder), device="cpu")
        tokens = len(self._embedder.tokenizer(text)["input_ids"])
        with self._gpu.run(Stage.EMBED, tokens):
            vector = self._embedder.encode(text, normalize_embeddings=True, show_progress_bar=False)
        return [float(number) for number in vector]

    def empty_cache(self) -> None:
        """Do what the fix of the day did: give back what torch keeps. CTranslate2 keeps its own."""
        gc.collect()
        torch.cuda.empty_cache()
        in_simulation = self._gpu.unload if self._embedder is None else self._gpu.trim
        with in_simulation(Stage.EMBED):
            pass
