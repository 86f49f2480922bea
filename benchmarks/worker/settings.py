"""What is the same for all systems."""

from __future__ import annotations

TOKENS = 40
"""Decoded per window: what about 15 s of speech hold."""

THREADS = 2
COMPUTE_TYPE = "int8"
BATCH = 8
"""Windows, as the worker takes where there is no device memory to govern."""
