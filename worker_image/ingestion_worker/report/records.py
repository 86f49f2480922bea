"""Reads what the output tells of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from pydantic import ValidationError

from ingestion_contract import layout
from ingestion_contract.records import Outcome, RunRecord, Timeline, TranscriptManifest, Video, VideoManifest
from ingestion_contract.spec import IngestionRunSpec
from ingestion_contract.summary import FinishSummary
from ingestion_worker.conclusion import ConfigurationError
from ingestion_worker.output import video_list
from ingestion_worker.output.store import Store
from ingestion_worker.report.thinning import thinned


@dataclass(frozen=True)
class RunRecords:
    """What the output tells of a run.

    Attributes:
        run: None for a list that was written before there were such records.
        spec: what the run was last asked for; None where that is not kept, or is of a version that this one does not
            read.
        result: None as long as the run is not finished.
        outcomes: of each video that has one.
        manifests, transcripts: of the videos that are there, by the id of the video.
        timelines: of each attempt at a shard, as fine as a chart can show.
    """

    uid: str
    run: RunRecord | None
    spec: IngestionRunSpec | None
    videos: Sequence[Video]
    result: FinishSummary | None
    outcomes: Sequence[Outcome]
    manifests: Mapping[str, VideoManifest]
    transcripts: Mapping[str, TranscriptManifest]
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
    folder = str(PurePosixPath(layout.outcome(uid, "key")).parent)
    outcomes = list(store.read_records(store.list(folder), Outcome).values())
    manifests = store.read_records([layout.manifest(outcome.video_key) for outcome in outcomes], VideoManifest)
    by_id = {manifest.video.id: manifest for manifest in manifests.values()}
    keys = {manifest.transcript_key: manifest.video.id for manifest in manifests.values()}
    transcripts = store.read_records(map(layout.transcript_manifest, keys), TranscriptManifest)
    run = store.read_record(layout.run_record(uid), RunRecord)
    return RunRecords(
        uid=uid,
        run=run,
        spec=None if run is None else _spec(run),
        videos=listed.videos,
        result=store.read_record(layout.result(uid), FinishSummary),
        outcomes=outcomes,
        manifests=by_id,
        transcripts={keys[transcript.key]: transcript for transcript in transcripts.values() if transcript.key in keys},
        timelines=thinned(_timelines(store, uid)),
    )


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
