"""Writes the report of a run into its output."""

from __future__ import annotations

from datetime import UTC, datetime

from ingestion_contract import layout
from ingestion_worker.output.store import Store
from ingestion_worker.report.page import page
from ingestion_worker.report.records import read


def write(store: Store, uid: str) -> str:
    """Write the report of a run, anew if there is one, and return its path below the output's root.

    Raises:
        ConfigurationError: the output holds no such run.
        OutputUnavailable: the storage refuses.
    """
    path = layout.report(uid)
    store.write(path, page(read(store, uid), datetime.now(UTC)).encode())
    return path
