"""Settings that the models' libraries read from the environment when they are imported."""

from __future__ import annotations

import os


def prepare(threads: int) -> None:
    """Set what is not set yet: CPU threads, and no reports to the libraries' makers, which some send by default."""
    defaults = {
        "OMP_NUM_THREADS": str(threads),
        "TOKENIZERS_PARALLELISM": "false",
        "ORT_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
