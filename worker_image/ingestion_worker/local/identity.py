"""Which run this is: one that goes on, or the next one of its kind."""

from __future__ import annotations

from itertools import count

from ingestion_contract import layout
from ingestion_contract.spec import IngestionRun
from ingestion_contract.summary import FinishSummary
from ingestion_worker.local.request import recipe
from ingestion_worker.output.store import Store


def with_uid(run: IngestionRun, store: Store) -> IngestionRun:
    """Return the run with the uid under which the output keeps its records.

    A run of the same recipe that has no result yet goes on. Once all have one, the next begins, and lists anew: a
    playlist that has grown costs only its new videos.

    Raises:
        OutputUnavailable: the storage refuses.
    """
    uids = (f"local-{recipe(run.spec)}-{number}" for number in count(1))
    uid = next(uid for uid in uids if store.read_record(layout.result(uid), FinishSummary) is None)
    return run.model_copy(update={"metadata": run.metadata.model_copy(update={"uid": uid})})
