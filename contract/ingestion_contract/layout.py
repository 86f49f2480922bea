"""Where things lie below the output's root. Paths are relative, on a disk and in object storage."""

from __future__ import annotations


def run_record(run_uid: str) -> str:
    """Return the path of a run's own record, JSON of `records.RunRecord`."""
    return f"_runs/{run_uid}/run.json"


def video_list(run_uid: str) -> str:
    """Return the path of the immutable list of videos, JSON Lines of `records.Video`."""
    return f"_runs/{run_uid}/videos.jsonl"


def shards(run_uid: str) -> str:
    """Return the path of the immutable cut into shards, JSON of `records.ShardCut`."""
    return f"_runs/{run_uid}/shards.json"


def outcome(run_uid: str, video_key: str) -> str:
    """Return the path of a video's recorded outcome in a run, JSON of `records.Outcome`."""
    return f"_runs/{run_uid}/outcomes/{video_key}.json"


def result(run_uid: str) -> str:
    """Return the path of the final count of a run, JSON of `summary.FinishSummary`."""
    return f"_runs/{run_uid}/result.json"


def timelines(run_uid: str) -> str:
    """Return the folder of a run's timelines."""
    return f"_runs/{run_uid}/timelines"


def timeline(run_uid: str, shard: int, attempt_id: str) -> str:
    """Return the path of what one attempt at a shard measured, JSON of `records.Timeline`."""
    return f"{timelines(run_uid)}/{shard:06d}-{attempt_id}.json"


def report(run_uid: str) -> str:
    """Return the path of the run's report, one HTML page."""
    return f"_runs/{run_uid}/run-report.html"


def transcript_manifest(transcript_key: str) -> str:
    """Return the path of the manifest that makes a transcript exist; it is written last."""
    return f"transcripts/{transcript_key}/manifest.json"


def transcript_attempt(transcript_key: str, attempt_id: str) -> str:
    """Return the folder of one attempt's transcript files; no two attempts share one."""
    return f"transcripts/{transcript_key}/{attempt_id}"


def checkpoint(transcript_key: str, section: int) -> str:
    """Return the path of what was heard in one section of a long video, JSON of `records.Checkpoint`."""
    return f"transcripts/{transcript_key}/checkpoints/{section:06d}.json"


def lance_index() -> str:
    """Return the folder of the LanceDB index."""
    return "index/lancedb"


def manifest(video_key: str) -> str:
    """Return the path of the manifest that makes a video's chunks and vectors exist; it is written last."""
    return f"videos/{video_key}/manifest.json"


def attempt(video_key: str, attempt_id: str) -> str:
    """Return the folder of one attempt's files; no two attempts share one, so that no rename is needed."""
    return f"videos/{video_key}/{attempt_id}"
