"""The worker's own step `work` on local files, with nothing to embed with: the speech side alone, as the peers' is.

Its vectors have one number, and making them takes no time; everything else is the product's: fetching, decoding in
processes of their own, batches across files, transcripts and chunks written and committed file by file.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.worker.job import Job, Transcribe
from benchmarks.worker.systems import ours_with_embedding
from ingestion_contract.spec import Embedding
from ingestion_worker.device import ComputeDevice
from ingestion_worker.models import loaded


class NoEmbedder:
    """Stands in for `models.embed.Embedder`."""

    dimension = 1
    revision = None

    def __init__(self, embedding: Embedding, compute: ComputeDevice, threads: int) -> None:
        self.max_tokens = embedding.max_sequence_length
        self.chunk_tokens = embedding.chunk_tokens

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of words of each text."""
        return [len(text.split()) for text in texts]

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return a one per text."""
        return np.ones((len(texts), self.dimension), np.float32)

    def unload(self) -> None:
        """Do nothing."""


def start(job: Job) -> Transcribe:
    """Put the stand-in in the embedder's place."""
    setattr(loaded, "Embedder", NoEmbedder)  # noqa: B010 - mypy knows it under the module that it comes from only
    return ours_with_embedding.start(job)
