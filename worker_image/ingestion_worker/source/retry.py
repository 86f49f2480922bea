"""Tries what is transient again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import stamina

from ingestion_worker.source.failures import Verdict, classify

ATTEMPTS = 4
"""With waits of about 0.5, 1 and 2 seconds between them, jitter included."""

T = TypeVar("T")


def with_retries(ask: Callable[[], T]) -> T:
    """Return the answer of the source; transient failures are tried again, the last one is raised."""
    retries = stamina.RetryingCaller(attempts=ATTEMPTS, timeout=None, wait_initial=0.5, wait_max=10.0, wait_jitter=0.5)
    return retries(_is_transient, ask)


def _is_transient(error: Exception) -> bool:
    return classify(error).verdict is Verdict.TRANSIENT
