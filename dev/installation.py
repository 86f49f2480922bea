"""The operator on a development cluster as a user has it: installed by its chart, in a pod, under Pod Security."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from kubernetes import client, config

from dev.cluster import Cluster
from dev.cluster.binary import KUBERNETES_VERSION
from dev.cluster.kubectl import ESTABLISHED, kubectl
from dev.helm.command import helm
from dev.write_chart import CHART
from ingestion_contract import identity

NAMESPACE = "ingestion-operator"
RELEASE = "ingestion-operator"
IMAGES = {"ingestion-operator": Path(sys.prefix)}
"""What the node must know: the operator's image by the name that the chart has for it is this Python environment."""

_RECORDINGS = "recordings"
_RECORDINGS_FOLDER = "/recordings"
_SELECTOR = "app.kubernetes.io/component=operator"
_READY_SECONDS = 120
_TIMEOUT_SECONDS = 10


class OperatorDown(RuntimeError):
    """The operator has ended by itself; the message says where its log is."""


def namespace(name: str) -> dict[str, Any]:
    """Return a namespace in which Pod Security `restricted` is enforced."""
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def claim(name: str, namespace: str) -> dict[str, Any]:
    """Return a claim for a volume of the development cluster, which is a folder."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}},
    }


def provide_identity(cluster: Cluster) -> None:
    """Apply what an operator outside of the cluster needs: the CRD, and its ServiceAccount with the chart's rights.

    Raises:
        HelmRefused: Helm could not render the chart.
        KubectlFailed: the API server did not take it.
    """
    kubectl(cluster, "create", "namespace", NAMESPACE)
    rendered = helm("template", RELEASE, CHART, "--namespace", NAMESPACE, "--kube-version", KUBERNETES_VERSION)
    kinds = {"CustomResourceDefinition", "ServiceAccount", "ClusterRole", "ClusterRoleBinding"}
    objects = [found for found in yaml.safe_load_all(rendered) if found is not None and found["kind"] in kinds]
    kubectl(cluster, "apply", "-f", "-", given={"apiVersion": "v1", "kind": "List", "items": objects})
    kubectl(cluster, "wait", ESTABLISHED, f"crd/{identity.PLURAL}.{identity.GROUP}")


def operator_kubeconfig(cluster: Cluster, path: Path, server: str | None = None) -> Path:
    """Write a kubeconfig with the rights that the chart gives and no others, for the API server or a proxy before it.

    Raises:
        KubectlFailed: `provide_identity` was not called.
    """
    token = kubectl(cluster, "create", "token", RELEASE, "-n", NAMESPACE, "--duration=24h").strip()
    config = yaml.safe_load(cluster.kubeconfig.read_text())
    config["users"][0]["user"] = {"token": token}
    if server is not None:
        config["clusters"][0]["cluster"] = {"server": server}
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(config))
    return path


class Installation:
    """A release of the chart, which records every decision; one a cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._pods = client.CoreV1Api(config.new_client_from_config(str(cluster.kubeconfig)))
        self._killed = 0

    @property
    def recordings(self) -> Path:
        """The folder of its recorded decisions, a file per run."""
        return self._cluster.folder / "volumes" / NAMESPACE / _RECORDINGS

    def install(self, values: Mapping[str, Any]) -> None:
        """Install the chart in a namespace of its own, and return at once.

        Raises:
            HelmRefused: Helm could not.
            KubectlFailed: the API server did not take the namespace.
        """
        objects = [namespace(NAMESPACE), claim(_RECORDINGS, NAMESPACE)]
        kubectl(self._cluster, "apply", "-f", "-", given={"apiVersion": "v1", "kind": "List", "items": objects})
        recording = {
            "env": [{"name": "INGESTION_RECORD", "value": _RECORDINGS_FOLDER}],
            "volumes": [{"name": _RECORDINGS, "persistentVolumeClaim": {"claimName": _RECORDINGS}}],
            "volumeMounts": [{"name": _RECORDINGS, "mountPath": _RECORDINGS_FOLDER}],
        }
        where = ("--namespace", NAMESPACE)
        helm("install", RELEASE, CHART, *where, values={**recording, **values}, kubeconfig=self._cluster.kubeconfig)

    def until_ready(self) -> None:
        """Wait until the operator's pod is ready.

        Raises:
            KubectlFailed: it was not within two minutes.
        """
        limit = f"--timeout={_READY_SECONDS}s"
        kubectl(self._cluster, "rollout", "status", f"deployment/{RELEASE}", "-n", NAMESPACE, limit)
        kubectl(self._cluster, "wait", ESTABLISHED, f"crd/{identity.PLURAL}.{identity.GROUP}", limit)

    def check(self) -> None:
        """Raise OperatorDown when the operator has ended by itself."""
        if self._container().restart_count > self._killed:
            raise OperatorDown(f"the operator has ended by itself; its log: {self.log}")

    def kill(self) -> None:
        """Kill the operator's process as a crash would; the node starts its container again."""
        self._killed += 1
        os.kill(self.pid, signal.SIGKILL)

    def lose_pod(self) -> None:
        """Remove the operator's pod at once, with no time to end; the Deployment makes another.

        Raises:
            KubectlFailed: the API server would not.
        """
        self._killed = 0
        where = ("-n", NAMESPACE, "-l", _SELECTOR)
        kubectl(self._cluster, "delete", "pods", *where, "--grace-period=0", "--force", "--wait=false")

    @property
    def pid(self) -> int:
        """The operator's process on this machine."""
        identity_of = str(self._container().container_id)
        return int(identity_of.removeprefix("process://"))

    @property
    def address(self) -> str:
        """The address of the operator's present pod, at which it serves its metrics if its values say so."""
        return str(self._pod().status.pod_ip)

    @property
    def log(self) -> Path:
        """What the operator's present pod has printed."""
        name = str(self._pod().metadata.name)
        return self._cluster.folder / "logs" / NAMESPACE / name / "operator.log"

    def _container(self) -> Any:
        (status,) = self._pod().status.container_statuses
        return status

    def _pod(self) -> Any:
        listed = self._pods.list_namespaced_pod(NAMESPACE, label_selector=_SELECTOR, _request_timeout=_TIMEOUT_SECONDS)
        (pod,) = listed.items
        return pod
