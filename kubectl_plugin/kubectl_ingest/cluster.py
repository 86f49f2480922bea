"""The edge to the cluster: which one as kubectl finds it, and the three requests that are made of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

from ingestion_contract import identity
from kubectl_ingest.refusal import Refusal, Unreachable
from kubectl_ingest.words import printable

_SECONDS = 15.0
_RESOURCE = {"group": identity.GROUP, "version": identity.VERSION, "plural": identity.PLURAL}

Object = dict[str, Any]


@dataclass(frozen=True)
class Choice:
    """Which cluster is meant; what is not set is as the kubeconfig says."""

    kubeconfig: str | None = None
    context: str | None = None


class Runs(Protocol):
    """The runs of a cluster.

    Every method raises Unreachable where the cluster does not answer, and Refusal where it refuses.
    """

    def get(self, namespace: str, name: str) -> Object:
        """Return a run."""

    def list(self, namespace: str | None) -> list[Object]:
        """Return the runs of a namespace, or of all namespaces."""

    def create(self, manifest: Mapping[str, Any]) -> Object:
        """Create a run, and return it as it was stored."""


class KubernetesRuns:
    """The runs of a cluster, by the Kubernetes client."""

    def __init__(self, choice: Choice) -> None:
        """Read the kubeconfig.

        Raises:
            Unreachable: it is missing or wrong.
        """
        # The client takes a second to import, which `--help` and `plan` need not wait for.
        from kubernetes import client, config

        configuration = client.Configuration()
        try:
            config.load_kube_config(choice.kubeconfig, choice.context, client_configuration=configuration)
        except (config.ConfigException, OSError) as problem:
            raise _no_config(problem) from problem
        configuration.retries = False
        self._host = configuration.host
        self._api = client.CustomObjectsApi(client.ApiClient(configuration))

    def get(self, namespace: str, name: str) -> Object:
        """Return a run."""
        return self._ask("get_namespaced_custom_object", namespace=namespace, name=name)

    def list(self, namespace: str | None) -> list[Object]:
        """Return the runs of a namespace, or of all namespaces."""
        if namespace is None:
            found = self._ask("list_cluster_custom_object")
        else:
            found = self._ask("list_namespaced_custom_object", namespace=namespace)
        items: list[Object] = found["items"]
        return items

    def create(self, manifest: Mapping[str, Any]) -> Object:
        """Create a run, and return it as it was stored."""
        namespace = manifest["metadata"]["namespace"]
        return self._ask("create_namespaced_custom_object", namespace=namespace, body=manifest)

    def _ask(self, request: str, **arguments: Any) -> Object:
        from kubernetes.client import ApiException
        from urllib3.exceptions import HTTPError

        try:
            answer: Object = getattr(self._api, request)(**_RESOURCE, **arguments, _request_timeout=_SECONDS)
        except ApiException as problem:
            _refuse(problem.status, problem.body, problem.reason)
        except HTTPError as problem:
            raise Unreachable(
                f"the cluster at {self._host} does not answer: {printable(str(problem))}; see whether `kubectl get ns` "
                "does, or choose another with --context"
            ) from problem
        return answer


def default_namespace(choice: Choice) -> str:
    """Return the namespace that the chosen context names, else `default`.

    Raises:
        Unreachable: the kubeconfig is missing or wrong, or has no such context.
    """
    from kubernetes import config

    try:
        contexts, active = config.list_kube_config_contexts(choice.kubeconfig)
    except (config.ConfigException, OSError) as problem:
        raise _no_config(problem) from problem
    if choice.context is not None:
        active = next((context for context in contexts if context["name"] == choice.context), None)
        if active is None:
            names = ", ".join(context["name"] for context in contexts)
            raise Unreachable(f"the kubeconfig has no context {choice.context}: choose one of {names}")
    namespace: str = active["context"].get("namespace") or "default"
    return namespace


def _no_config(problem: Exception) -> Unreachable:
    return Unreachable(
        f"no cluster to ask, since the kubeconfig cannot be used: {printable(str(problem)).rstrip('.')}; name one "
        "with --kubeconfig or $KUBECONFIG"
    )


def _refuse(status: int, body: str | bytes | None, reason: str) -> NoReturn:
    """Raise what an answer that is an error means."""
    try:
        answer = json.loads(body or "{}")
    except ValueError:
        answer = {}
    message = printable(answer.get("message") or reason or "")
    if status == 404 and not (answer.get("details") or {}).get("name"):
        raise Refusal(
            f"this cluster has no {identity.PLURAL}.{identity.GROUP}: install the operator with its CRD, or choose "
            "another cluster with --context"
        )
    if status == 404:
        raise Refusal(f"{message}: `kubectl ingest status -A` lists the runs there are")
    if status >= 500:
        raise Unreachable(f"the cluster cannot answer now (HTTP {status}): {message}")
    raise Refusal(f"the cluster refuses (HTTP {status}): {message}")
