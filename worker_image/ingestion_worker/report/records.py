"""Reads what the output tells of a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from pydantic import ValidationError

from ingestion_contract import layout
from ingestion_contract.records import Outcome, RunRecord, Timeline, TranscriptManifest, Video, VideoManifest
from ingestion_contract.spec import IngestionRunSpec
from ingestion_contract.summary import FinishSummary
from ingestion_worker.conclusion import ConfigurationError
from ingestion_worker.output import video_list
from ingestion_worker.output.batches import batches
from ingestion_worker.output.store import Store
from ingestion_worker.report.tally import Tally, VideoRecords
from ingestion_worker.report.thinning import thinned


@dataclass(frozen=True)
class RunRecords:
    """What the output tells of a run.

    Attributes:
        run: None for a list that was written before there were such records.
        spec: what the run was last asked for; None where that is not kept, or is of a version that this one does not
            read.
        result: None as long as the run is not finished.
        tally: what is kept of the records of the videos.
        timelines: of each attempt at a shard, as fine as a chart can show.
    """

    uid: str
    run: RunRecord | None
    spec: IngestionRunSpec | None
    videos: Sequence[Video]
    result: FinishSummary | None
    tally: Tally
    timelines: Sequence[Timeline]


def read(store: Store, uid: str) -> RunRecords:
    """Return what the output tells of a run.

    Raises:
        ConfigurationError: it holds no such run.
        OutputUnavailable: the storage refuses.
    """
    listed = video_list.read(store, uid)
    if listed is None:
        raise ConfigurationError(f"{store.uri} holds no list of videos of a run {uid}: `ingest discover` writes one")
    tally = Tally(listed.videos)
    for one in _recorded(store, uid):
        tally.add(one)
    run = store.read_record(layout.run_record(uid), RunRecord)
    return RunRecords(
        uid=uid,
        run=run,
        spec=None if run is None else _spec(run),
        videos=listed.videos,
        result=store.read_record(layout.result(uid), FinishSummary),
        tally=tally,
        timelines=thinned(_timelines(store, uid)),
    )


def _recorded(store: Store, uid: str) -> Iterator[VideoRecords]:
    """Yield what is recorded of each video that has an outcome; a few at a time are in memory."""
    folder = str(PurePosixPath(layout.outcome(uid, "key")).parent)
    for paths in batches(store.list(folder)):
        outcomes = store.read_records(paths, Outcome).values()
        manifests = store.read_records([layout.manifest(outcome.video_key) for outcome in outcomes], VideoManifest)
        transcripts = store.read_records(
            [layout.transcript_manifest(manifest.transcript_key) for manifest in manifests.values()], TranscriptManifest
        )
        for outcome in outcomes:
            manifest = manifests.get(layout.manifest(outcome.video_key))
            path = None if manifest is None else layout.transcript_manifest(manifest.transcript_key)
            yield VideoRecords(outcome, manifest, None if path is None else transcripts.get(path))


def _spec(run: RunRecord) -> IngestionRunSpec | None:
    try:
        return IngestionRunSpec.from_wire(run.spec)
    except ValidationError:
        return None


def _timelines(store: Store, uid: str) -> Iterator[Timeline]:
    for path in store.list(layout.timelines(uid)):
        timeline = store.read_record(path, Timeline)
        if timeline is not None:
            yield timeline


def latest(store: Store) -> str:
    """Return the uid of the run that was listed last.

    Raises:
        ConfigurationError: the output holds none.
    """
    root = PurePosixPath(layout.run_record("uid")).parts[0]
    paths = [layout.run_record(uid) for uid in store.folders(root)]
    runs = store.read_records(paths, RunRecord).values()
    if not runs:
        raise ConfigurationError(f"{store.uri} holds no run: `ingest run` or `ingest discover` begins one")
    return max(runs, key=lambda run: run.created_at).uid
