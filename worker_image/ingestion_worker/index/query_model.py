"""Loads the embedder that a table's vectors were made with, for what is searched."""

from __future__ import annotations

import os

from ingestion_contract.spec import Embedding, EmbeddingComputeType
from ingestion_worker.conclusion import ConfigurationError, ModelUnavailable
from ingestion_worker.index.search import QueryModel
from ingestion_worker.models import libraries
from ingestion_worker.models.model_source import check_path, model_errors

MAX_TOKENS = 512
"""A query, or a segment, is cut here."""

_FIELD = "the index"


def load(model: str) -> QueryModel:
    """Load an embedder onto the CPU.

    Args:
        model: its name, as the index has it.

    Raises:
        ConfigurationError: it is a folder that is not here, or is no model.
        ModelUnavailable: the hub does not answer.
    """
    threads = len(os.sched_getaffinity(0))
    libraries.prepare(threads)
    embedding = Embedding(
        model=model,
        compute_type=EmbeddingComputeType.FLOAT32,
        max_sequence_length=MAX_TOKENS,
        chunk_tokens=MAX_TOKENS,
    )
    try:
        check_path(_FIELD, model)
        with model_errors(_FIELD, model):
            from ingestion_worker.models.embed import Embedder

            embedder = Embedder(embedding, "cpu", threads)
    except (ConfigurationError, ModelUnavailable) as error:
        raise type(error)(f"{error}; `--mode text` searches without it") from error
    return QueryModel(embedder.encode_query, embedder.encode)
