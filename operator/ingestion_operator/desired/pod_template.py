"""The pods of a run: no token, no privilege, nothing of the user's choosing but resources, placement and references."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ingestion_contract import metrics, pod
from ingestion_contract.pod import Step
from ingestion_contract.spec import IngestionRun
from ingestion_operator.desired.names import labels
from ingestion_operator.desired.volumes import mounts, output_url

GRACE_SECONDS = 30
READINESS_PERIOD_SECONDS = 2
SHARED_GROUP = 65_532
_SMALL = {"requests": {"cpu": "100m", "memory": "256Mi"}}


@dataclass(frozen=True)
class WorkerSettings:
    """What the operator's own configuration says of workers.

    Attributes:
        allow_networks: as CIDRs, which may be asked for videos beside public addresses.
        proxies: as `proxies` returns them, by way of which videos are asked for.
        fs_group: group of the volumes; None leaves it to the platform.
    """

    image: str
    service_account: str | None = None
    allow_networks: tuple[str, ...] = ()
    proxies: Mapping[str, str] = field(default_factory=dict)
    fs_group: int | None = SHARED_GROUP


def proxies(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the proxies that an environment names, by the names of `pod.PROXIES`.

    Raises:
        ValueError: one has a user or a password, which would stand in the spec of every worker's pod.
    """
    named = {name: environment.get(name) or environment.get(name.upper(), "") for name in pod.PROXIES}
    for name, proxy in named.items():
        if "@" in proxy:
            raise ValueError(
                f"{name} names a user or a password, which whoever may read pods would see in those of the workers: "
                "let the proxy know workers by their addresses, or name one in the cluster that passes on with it"
            )
    return named


def pod_template(run: IngestionRun, step: Step, settings: WorkerSettings) -> dict[str, Any]:
    """Return the pod template of a step."""
    return {"metadata": {"labels": labels(run, step)}, "spec": _pod_spec(run, step, settings)}


def _pod_spec(run: IngestionRun, step: Step, settings: WorkerSettings) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            **_ownership_of_volumes(settings),
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(run, step, settings)],
        "volumes": [mount.volume() for mount in mounts(run, step)],
    }
    if settings.service_account is not None:
        spec["serviceAccountName"] = settings.service_account
    return spec | (_placement(run) if step is Step.WORK else {})


def _ownership_of_volumes(settings: WorkerSettings) -> dict[str, Any]:
    if settings.fs_group is None:
        return {}
    return {"fsGroup": settings.fs_group, "fsGroupChangePolicy": "OnRootMismatch"}


def _container(run: IngestionRun, step: Step, settings: WorkerSettings) -> dict[str, Any]:
    container: dict[str, Any] = {
        "name": pod.WORKER_CONTAINER,
        "image": settings.image,
        "command": ["ingest", step.value, "--output", _literally(output_url(run))],
        "env": _environment(settings),
        "resources": run.spec.workers.resources.to_wire() if step is Step.WORK else _SMALL,
        "volumeMounts": [mount.volume_mount() for mount in mounts(run, step)],
        "terminationMessagePath": pod.TERMINATION_MESSAGE_FILE,
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    credentials = run.spec.output.credentials_secret_ref
    if credentials is not None:
        container["envFrom"] = [{"prefix": pod.CREDENTIAL_PREFIX, "secretRef": {"name": credentials.name}}]
    if step is Step.WORK:
        container["ports"] = [{"name": "metrics", "containerPort": metrics.PORT}]
        container["readinessProbe"] = {
            "httpGet": {"path": metrics.READY_PATH, "port": metrics.PORT},
            "periodSeconds": READINESS_PERIOD_SECONDS,
            "failureThreshold": 1,
        }
    return container


def _literally(argument: str) -> str:
    """Return an argument that is passed as it is: Kubernetes puts variables, so Secrets, in place of `$(NAME)`."""
    return argument.replace("$", "$$")


def _environment(settings: WorkerSettings) -> list[dict[str, Any]]:
    """Return the variables that are the operator's word; no key of a Secret has the name of one."""
    return [
        {"name": "HOME", "value": pod.SCRATCH_FOLDER},
        {"name": "HF_HOME", "value": pod.MODELS_FOLDER},
        {"name": pod.POD_IP, "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": pod.ALLOW_NETWORKS, "value": " ".join(settings.allow_networks)},
        {"name": pod.ALLOW_FOLDERS, "value": ""},
        *(
            {"name": spelling, "value": settings.proxies.get(name, "")}
            for name in pod.PROXIES
            for spelling in (name, name.upper())
        ),
    ]


def _placement(run: IngestionRun) -> dict[str, Any]:
    workers = run.spec.workers
    placement: dict[str, Any] = {
        "nodeSelector": workers.node_selector,
        "tolerations": [toleration.to_wire() for toleration in workers.tolerations],
        "priorityClassName": workers.priority_class_name,
        "runtimeClassName": workers.runtime_class_name,
    }
    return {key: value for key, value in placement.items() if value}
