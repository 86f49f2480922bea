"""The record of a run: which one it is, and what it was last asked for."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import JsonValue

from ingestion_contract import layout
from ingestion_contract.records import RunRecord
from ingestion_contract.spec import IngestionRun
from ingestion_worker.output.store import Store


def begin(run: IngestionRun, store: Store) -> None:
    """Write the record of a run, unless there is one.

    Raises:
        OutputUnavailable: the storage refuses.
    """
    meta = run.metadata
    record = RunRecord(
        name=meta.name, namespace=meta.namespace, uid=meta.uid, created_at=datetime.now(UTC), spec=_spec(run)
    )
    store.write_record_once(layout.run_record(meta.uid), record)


def bring_up_to_date(run: IngestionRun, store: Store) -> None:
    """Write what the run is asked for now into its record, if there is one: some of it may change while it works.

    Raises:
        OutputUnavailable: the storage refuses.
    """
    path = layout.run_record(run.metadata.uid)
    earlier = store.read_record(path, RunRecord)
    if earlier is not None and earlier.spec != _spec(run):
        store.write_record(path, earlier.model_copy(update={"spec": _spec(run)}))


def _spec(run: IngestionRun) -> JsonValue:
    return run.spec.redacted().to_wire()
