"""Tries what is transient again."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import TypeVar

import stamina

from ingestion_worker.source.failures import Verdict, classify, retry_after

log = logging.getLogger(__name__)

ATTEMPTS = 4
"""With waits of about 0.5, 1 and 2 seconds between them, jitter included."""

PATIENCE_SECONDS = 30
"""A source that asks for no more than this before the next attempt is given it."""

_WHEN = re.compile(r"\d{1,9}|\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT")
"""Seconds, or a time. What else a server writes there is not told."""

T = TypeVar("T")


def with_retries(ask: Callable[[], T]) -> T:
    """Return the answer of the source; transient failures are tried again, the last one is raised."""
    retries = stamina.RetryingCaller(attempts=ATTEMPTS, timeout=None, wait_initial=0.5, wait_max=10.0, wait_jitter=0.5)
    return retries(next_attempt, ask)


def next_attempt(error: Exception) -> bool | float:
    """Return whether an error is worth another attempt; or after how many seconds, where the source says so."""
    verdict = classify(error).verdict
    asked = retry_after(error)
    if verdict is Verdict.BLOCKED and asked is not None and _WHEN.fullmatch(asked):
        log.warning("the source blocks this address, and says: Retry-After %s", asked)
    if verdict is not Verdict.TRANSIENT:
        return False
    if asked is not None and asked.isdecimal() and int(asked) <= PATIENCE_SECONDS:
        return float(asked)
    return True
