"""Where things lie below the output's root. Paths are relative, on a disk and in object storage."""

from __future__ import annotations


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


def manifest(video_key: str) -> str:
    """Return the path of the manifest that makes a video's files exist; it is written last."""
    return f"videos/{video_key}/manifest.json"


def attempt(video_key: str, attempt_id: str) -> str:
    """Return the folder of one attempt's files; no two attempts share one, so that no rename is needed."""
    return f"videos/{video_key}/{attempt_id}"
