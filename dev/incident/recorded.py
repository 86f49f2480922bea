"""`recorded.json`: what the operator's arms did and how long it took, for a simulation to be asked to predict."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dev.demo import manifests
from dev.demo.run import Run
from dev.demo.timeline import Observation
from dev.incident.arms import WORKERS, Arm, Setting
from dev.sample_media.sentences import Expected, expected


def recorded(runs: Mapping[Arm, Run], setting: Setting) -> dict[str, Any]:
    """Return those of the runs that are our worker's as JSON data; README.md says what each field is."""
    sample = expected(setting.videos)
    return {
        "device": "simulated",
        "cpus": setting.cpus,
        "load_average": round(setting.load_average, 2),
        "runs": [_run(arm, run, sample) for arm, run in runs.items() if arm is not Arm.INCIDENT],
    }


def _run(arm: Arm, run: Run, sample: Expected) -> dict[str, Any]:
    seen, result = run.observations, run.result
    spec = manifests.run("", result.videos, WORKERS)["spec"]
    videos = seen[-1].status.video_list
    return {
        "arm": arm.value,
        "levers": "adapt" if arm is Arm.ADAPTIVE else "frozen",
        "device_gib": result.device_gib,
        "videos": result.videos,
        "captioned": sum(video.has_captions for video in sample.available),
        "unavailable": len(sample.unavailable),
        "audio_hours": round(result.audio_hours_per_hour * result.wall_seconds / 3600, 4),
        "shards": videos.shards if videos else None,
        "spec": {"workers": spec["workers"], "memory": spec["memory"]},
        "parallelism": [change.to_json() for change in result.parallelism],
        "oom_events": result.oom_events,
        "seconds": {
            "to_worker_job": _first(seen, lambda one: one.parallelism is not None),
            "to_device": _first(seen, lambda one: one.device.used > 0),
            "to_first_video": _first(seen, lambda one: one.status.videos.succeeded > 0),
            "to_last_work": _first(seen, lambda one: one.work_ended),
            "to_completion": round(result.wall_seconds, 1),
            "device_busy": round(seen[-1].device.busy_seconds, 1),
        },
        "series": series(seen),
    }


def series(seen: Sequence[Observation]) -> dict[str, list[float]]:
    """Return what was seen as columns of one length: `t` in seconds, device memory in percent of the device."""
    return {
        "t": [round(one.t, 1) for one in seen],
        "pods": [one.pods for one in seen],
        "succeeded": [one.status.videos.succeeded for one in seen],
        "failed": [one.status.videos.failed for one in seen],
        "device_memory_percent": [round(one.device.used_percent, 1) for one in seen],
    }


def _first(seen: Sequence[Observation], holds: Callable[[Observation], bool]) -> float | None:
    return next((round(one.t, 1) for one in seen if holds(one)), None)
