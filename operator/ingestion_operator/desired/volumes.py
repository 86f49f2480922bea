"""What is mounted into a worker's pod, and where."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from ingestion_contract import pod
from ingestion_contract.pod import Step
from ingestion_contract.spec import IngestionRun
from ingestion_operator.desired.names import limits_config_map_name, run_config_map_name


@dataclass(frozen=True)
class Mount:
    """A volume and its place in the container."""

    name: str
    path: str
    source: dict[str, Any]
    read_only: bool = False

    def volume(self) -> dict[str, Any]:
        """Return the entry of `spec.volumes`."""
        return {"name": self.name, **self.source}

    def volume_mount(self) -> dict[str, Any]:
        """Return the entry of the container's `volumeMounts`."""
        entry: dict[str, Any] = {"name": self.name, "mountPath": self.path}
        return entry | ({"readOnly": True} if self.read_only else {})


def mounts(run: IngestionRun, step: Step) -> list[Mount]:
    """Return the mounts of a step's pod."""
    found = [
        Mount("run", pod.RUN_FOLDER, {"configMap": {"name": run_config_map_name(run)}}, read_only=True),
        Mount("scratch", pod.SCRATCH_FOLDER, {"emptyDir": {}}),
    ]
    claim = run.spec.output.persistent_volume_claim
    if claim is not None:
        found.append(Mount("output", pod.OUTPUT_FOLDER, _claim(claim.claim_name)))
    if step is Step.WORK:
        limits = {"configMap": {"name": limits_config_map_name(run)}}
        found.append(Mount("limits", pod.LIMITS_FOLDER, limits, read_only=True))
        cache = run.spec.workers.model_cache
        models = _claim(cache.persistent_volume_claim.claim_name) if cache is not None else {"emptyDir": {}}
        found.append(Mount("models", pod.MODELS_FOLDER, models))
    cookies = run.spec.source.cookies_secret_ref
    if cookies is not None and step is not Step.FINISH:
        file = PurePosixPath(pod.COOKIES_FILE)
        secret = {"secretName": cookies.name, "items": [{"key": cookies.key, "path": file.name}]}
        found.append(Mount("cookies", str(file.parent), {"secret": secret}, read_only=True))
    return found


def output_url(run: IngestionRun) -> str:
    """Return the output as the worker is told it: the user's URL, or the mounted claim's."""
    output = run.spec.output
    if output.persistent_volume_claim is None:
        return output.uri or ""
    path = output.persistent_volume_claim.path.strip("/")
    return f"file://{pod.OUTPUT_FOLDER}/{path}".rstrip("/")


def _claim(name: str) -> dict[str, Any]:
    return {"persistentVolumeClaim": {"claimName": name}}
