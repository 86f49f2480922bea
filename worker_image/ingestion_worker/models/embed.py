"""Embeddings: one sentence-transformers model."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from ingestion_contract.spec import Embedding, EmbeddingComputeType
from ingestion_worker.device import ComputeDevice
from ingestion_worker.models.own_code import runs_own_code


class Embedder:
    """A loaded model. Not for several threads at a time.

    Attributes:
        max_tokens: what it reads of a text: what the run asks for, and no more than the model was made for.
        chunk_tokens: length of a chunk that it reads whole, without the model's special tokens.
    """

    def __init__(self, embedding: Embedding, compute: ComputeDevice, threads: int) -> None:
        with _collector_paused():
            import torch
            from sentence_transformers import SentenceTransformer
            from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()  # type: ignore[no-untyped-call]
        torch.set_num_threads(threads)
        self._model = SentenceTransformer(
            embedding.model,
            device=compute,
            trust_remote_code=runs_own_code(embedding.model),
            model_kwargs={"dtype": getattr(torch, compute_type(embedding, compute).value)},
        )
        own = self._model.max_seq_length
        asked = embedding.max_sequence_length
        self.max_tokens: int = asked if own is None else min(int(own), asked)
        self._model.max_seq_length = self.max_tokens
        special = self._model.tokenizer.num_special_tokens_to_add()
        self.chunk_tokens: int = min(embedding.chunk_tokens, self.max_tokens - int(special))

    @property
    def revision(self) -> str | None:
        """The hub's commit, None for a model from a folder."""
        config = getattr(getattr(self._model[0], "auto_model", None), "config", None)
        revision = getattr(config, "_commit_hash", None)
        return None if revision is None else str(revision)

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        dimension = self._model.get_embedding_dimension()
        assert dimension is not None
        return dimension

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of the model's tokens of each text, special ones left out."""
        if not texts:
            return []
        encoded = self._model.tokenizer(list(texts), add_special_tokens=False, truncation=False)
        return [len(ids) for ids in encoded["input_ids"]]

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return a unit vector per text, from one batch, as an array of shape (texts, dimension).

        Raises:
            torch.OutOfMemoryError, RuntimeError: the device's errors, see `device.errors.classify`.
        """
        vectors = self._model.encode(
            list(texts),
            batch_size=len(texts),
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        return np.asarray(vectors, dtype=np.float32)

    def encode_query(self, words: str) -> NDArray[np.float32]:
        """Return the unit vector of what is searched for, with the model's own instruction for queries."""
        vector = self._model.encode_query(
            words, normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False
        )
        return np.asarray(vector, dtype=np.float32)

    def unload(self) -> None:
        """Let go of the model; `empty_cache` frees its device memory."""
        del self._model


def compute_type(embedding: Embedding, compute: ComputeDevice) -> EmbeddingComputeType:
    """Return the number type that an embedder gets: the run's, but bfloat16 only where it is no hindrance.

    A GPU without bfloat16 gets float32, since float16 harms some embedders. So does a CPU, most of which emulate
    bfloat16 slowly, unless the run asks for it in so many words.
    """
    wanted = embedding.compute_type
    if wanted is not EmbeddingComputeType.BFLOAT16:
        return wanted
    if compute == "cuda":
        import torch

        fit = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        fit = "compute_type" in embedding.model_fields_set
    return wanted if fit else EmbeddingComputeType.FLOAT32


def empty_cache(compute: ComputeDevice) -> None:
    """Give back what torch keeps of earlier batches, of models that were let go of, and of loads that failed half way.

    CTranslate2 cannot use it.
    """
    gc.collect()
    if compute == "cuda":
        import torch

        torch.cuda.empty_cache()


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Pause Python's garbage collector while libraries are imported.

    They make millions of objects that stay, which the collector walks through again and again: an eighth of the
    import's six CPU-seconds.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
