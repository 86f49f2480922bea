"""What is the same for all systems is what the worker does by itself."""

from benchmarks.worker.settings import BATCH
from ingestion_contract.limits import Limits
from ingestion_worker.memory.governor import Governor, allowed_windows


def test_batches_are_as_large_as_the_worker_takes_them_without_a_gpu() -> None:
    assert allowed_windows(Governor(), Limits(), governed=False) == BATCH
