"""The worker beside its peers: the same model, audio and settings, each system in processes of its own."""

from __future__ import annotations

import os
from pathlib import Path


def cache() -> Path:
    """Return the folder outside the repository for models, audio and the peers' environments."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ingestion-operator"
