"""The demonstration's own view of the cluster: what it applies, and what it looks at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from kubernetes import client, config

from dev.cluster import Cluster
from dev.cluster.kubectl import kubectl
from dev.demo.manifests import NAMESPACE, RUN, Manifest
from ingestion_contract import identity
from ingestion_contract.pod import Step

_TIMEOUT_SECONDS = 10


@dataclass(frozen=True)
class JobView:
    """The worker Job: the lever, the pods that hold memory, and whether it has ended.

    pods: active ones, and those on their way out, which hold their memory until they are gone.
    """

    parallelism: int | None
    pods: int
    ended: bool


class Kube:
    """Reads with the Python client, which is cheap to ask often; writes with kubectl, as a user does."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        api = config.new_client_from_config(str(cluster.kubeconfig))
        self._custom = client.CustomObjectsApi(api)

    def kubectl(self, *arguments: str, given: Manifest | None = None) -> str:
        """Run kubectl, with an object as its input, and return what it printed.

        Raises:
            KubectlFailed: it ended with an error; the message has its words.
        """
        return kubectl(self._cluster, *arguments, given=given)

    def apply(self, *manifests: Manifest) -> None:
        """Apply objects."""
        everything = {"apiVersion": "v1", "kind": "List", "items": list(manifests)}
        self.kubectl("apply", "-f", "-", given=everything)

    def run(self) -> dict[str, Any]:
        """Return the IngestionRun as it is now."""
        found = self._custom.get_namespaced_custom_object(
            identity.GROUP, identity.VERSION, NAMESPACE, identity.PLURAL, RUN, _request_timeout=_TIMEOUT_SECONDS
        )
        return cast(dict[str, Any], found)

    def worker_job(self) -> JobView:
        """Return the worker Job as it is now; before it exists, nothing is active."""
        listed = self._custom.list_namespaced_custom_object(
            "batch",
            "v1",
            NAMESPACE,
            "jobs",
            label_selector=f"{identity.STEP_LABEL}={Step.WORK}",
            _request_timeout=_TIMEOUT_SECONDS,
        )
        jobs = cast(dict[str, Any], listed)["items"]
        if not jobs:
            return JobView(None, 0, ended=False)
        spec, status = jobs[0]["spec"], jobs[0]["status"]
        ends = {item["type"] for item in status.get("conditions", []) if item["status"] == "True"}
        pods = status.get("active", 0) + status.get("terminating", 0)
        return JobView(spec["parallelism"], pods, ended=bool(ends & {"Complete", "Failed"}))
