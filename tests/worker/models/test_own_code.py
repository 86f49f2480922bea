import pytest

from ingestion_contract.spec import Embedding
from ingestion_worker.models.own_code import runs_own_code


@pytest.mark.parametrize("model", [Embedding().model, "/ingestion/models/gte-Qwen2-1.5B-instruct"])
def test_the_default_model_brings_its_code_from_the_hub_or_a_folder(model: str) -> None:
    assert runs_own_code(model)


@pytest.mark.parametrize(
    "model",
    [
        "somebody/gte-Qwen2-1.5B-instruct",
        "Alibaba-NLP/gte-Qwen2-1.5B-instruct-2",
        "gte-Qwen2-1.5B-instruct",
        "../gte-Qwen2-1.5B-instruct",
        "sentence-transformers/all-MiniLM-L6-v2",
    ],
)
def test_nobody_elses_code_is_run_whatever_its_name(model: str) -> None:
    assert not runs_own_code(model)
