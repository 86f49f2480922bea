"""Settings that the models' libraries read from the environment when they are imported."""

from __future__ import annotations

import os


def prepare(threads: int) -> None:
    """Set what is not set yet.

    CPU threads; allocators of device memory; GPUs numbered as NVML numbers them, so that the one that is governed is
    the one that is used; and no reports to the libraries' makers, which some send by default.
    torch's segments are to grow rather than to be held beside each other in sizes that no later batch fits.
    """
    defaults = {
        "PYTORCH_ALLOC_CONF": "expandable_segments:True",
        "PYTORCH_CUDA_ALLOC_CONF": "expandable_segments:True",  # the same, of torch before 2.9
        "CT2_CUDA_ALLOCATOR": "cuda_malloc_async",
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
        "OMP_NUM_THREADS": str(threads),
        "TOKENIZERS_PARALLELISM": "false",
        "ORT_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
