"""A release of the chart on the development cluster, and what is there because of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import product
from typing import Any, NamedTuple

from dev.cluster import Cluster
from dev.cluster.kubectl import kubectl
from dev.helm.command import HelmRefused, helm
from dev.write_chart import CHART
from tests.chart.kit import NAMESPACE, RELEASE
from tests.operator.cluster.kit import eventually

Object = dict[str, Any]

_KINDS = "deployments,replicasets,pods,serviceaccounts,roles,rolebindings,clusterroles,clusterrolebindings,crds"
_OURS = f"app.kubernetes.io/instance={RELEASE}"
_ACCOUNT = f"system:serviceaccount:{NAMESPACE}:{RELEASE}"


class Right(NamedTuple):
    """Something that may be asked of the API server."""

    verb: str
    resource: str


class Release:
    """Installed, upgraded and removed as a user does it."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def install(self, values: Mapping[str, Any]) -> str:
        """Install it, wait until it is available, and return what Helm printed."""
        return self._helm("install", RELEASE, CHART, "--wait", "--timeout=90s", values=values)

    def upgrade(self, values: Mapping[str, Any]) -> str:
        """Change it to these values, and wait until it is available."""
        return self._helm("upgrade", RELEASE, CHART, "--wait", "--timeout=90s", values=values)

    def test(self) -> str:
        """Run `helm test`, and return what its pod printed, which is gone by then."""
        self._helm("test", RELEASE, "--timeout=60s")
        return (self._cluster.folder / "logs" / NAMESPACE / f"{RELEASE}-test" / "api-access.log").read_text()

    def uninstall(self) -> None:
        """Remove it, and wait until its objects are gone, for at most half a minute; the pods go a moment later."""
        self._helm("uninstall", RELEASE, "--wait", "--timeout=30s")

    def remove_all(self) -> None:
        """Leave nothing behind, whatever there is."""
        try:
            self.uninstall()
        except HelmRefused as problem:
            if "not found" not in str(problem):
                raise
        kubectl(self._cluster, "delete", "crd", "-l", _OURS, "--timeout=30s")

    def pod(self) -> Object:
        """Return the operator's only pod."""
        selector = f"{_OURS},app.kubernetes.io/component=operator"
        (pod,) = self._listed("get", "pods", "-n", NAMESPACE, "-l", selector)
        return pod

    def objects(self) -> set[str]:
        """Return kind and name of everything in the cluster that has the release's label."""
        listed = self._listed("get", _KINDS, "--all-namespaces", "-l", _OURS)
        return {f"{found['kind']} {found['metadata']['name']}" for found in listed}

    def rights(self) -> set[Right]:
        """Return what its roles allow the operator: verb, and resource with its API group."""
        roles = self._listed("get", "clusterroles,roles", "--all-namespaces", "-l", _OURS)
        mine = [role for role in roles if not role["metadata"]["name"].endswith(("-viewer", "-editor"))]
        return {
            Right(verb, _resource(group, resource))
            for role in mine
            for rule in role["rules"]
            for group, resource, verb in product(rule["apiGroups"], rule["resources"], rule["verbs"])
        }

    def asked(self, decision: str) -> set[Right]:
        """Return what the operator has asked of the API server since the cluster is there, with this decision."""
        lines = (self._cluster.folder / "logs" / "control-plane" / "audit.jsonl").read_text().splitlines()
        events = [event for event in map(json.loads, lines) if event["user"]["username"] == _ACCOUNT]
        return {
            _right(event)
            for event in events
            if "objectRef" in event and event["annotations"]["authorization.k8s.io/decision"] == decision
        }

    async def until_left(self, *objects: str) -> None:
        """Wait until these are all that has the release's label."""

        async def left() -> bool:
            return self.objects() == set(objects)

        await eventually(f"what is left is {objects}", left)

    def may(self, verb: str, what: str, namespace: str) -> bool:
        """Return whether the operator's service account may do something."""
        resource, _, group = what.partition(".")
        asked = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {
                "user": _ACCOUNT,
                "resourceAttributes": {"namespace": namespace, "verb": verb, "resource": resource, "group": group},
            },
        }
        said = json.loads(kubectl(self._cluster, "create", "-f", "-", "-o", "json", given=asked))
        return bool(said["status"]["allowed"])

    def _listed(self, *arguments: str) -> list[Object]:
        items: list[Object] = json.loads(kubectl(self._cluster, *arguments, "-o", "json"))["items"]
        return items

    def _helm(self, command: str, *arguments: Any, values: Mapping[str, Any] | None = None) -> str:
        return helm(command, *arguments, "--namespace", NAMESPACE, values=values, kubeconfig=self._cluster.kubeconfig)


def _right(event: Object) -> Right:
    reference = event["objectRef"]
    names = [reference["resource"], *([reference["subresource"]] if "subresource" in reference else [])]
    return Right(event["verb"], _resource(reference.get("apiGroup", ""), "/".join(names)))


def _resource(group: str, resource: str) -> str:
    return f"{resource}.{group}" if group else resource
