"""The environment variables of a container, as the pod declares them."""

import math
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol

from dev.cluster.node.api import JsonObject
from dev.cluster.quantity import quantity

_REFERENCE = re.compile(r"\$(?:\$|\(([^()]*)\))")
_LABEL_OR_ANNOTATION = re.compile(r"metadata\.(labels|annotations)\['(.+)'\]")


class ConfigMissing(Exception):
    """A ConfigMap, a Secret or a key in one that the container needs is not there."""


class ConfigSource(Protocol):
    """Where ConfigMaps and Secrets come from."""

    async def config_map(self, namespace: str, name: str) -> Mapping[str, bytes] | None:
        """The data of a ConfigMap, or None when it does not exist."""

    async def secret(self, namespace: str, name: str) -> Mapping[str, bytes] | None:
        """The decoded data of a Secret, or None when it does not exist."""


def expand(text: str, environment: Mapping[str, str]) -> str:
    """Replace $(NAME) by the variable's value; $$ is an escaped $, and an unknown name stays as it is."""

    def replace(match: re.Match[str]) -> str:
        if match[1] is None:
            return "$"
        return environment.get(match[1], match[0])

    return _REFERENCE.sub(replace, text)


async def container_environment(
    pod: JsonObject, container: JsonObject, base: Mapping[str, str], configs: ConfigSource
) -> dict[str, str]:
    """Return `base` and what `envFrom` and `env` of the container add to it, in their order.

    Raises ConfigMissing when something is referred to that is neither there nor optional, and ValueError for a field
    or resource that is not known.
    """
    environment = dict(base)
    namespace = pod["metadata"]["namespace"]
    for source in container.get("envFrom", ()):
        environment.update(await _all_of(namespace, source, configs))
    for variable in container.get("env", ()):
        value = await _value(pod, container, variable, environment, configs)
        if value is not None:
            environment[variable["name"]] = value
    return environment


async def _value(
    pod: JsonObject, container: JsonObject, variable: JsonObject, environment: Mapping[str, str], configs: ConfigSource
) -> str | None:
    source = variable.get("valueFrom")
    if source is None:
        return expand(variable.get("value", ""), environment)
    if reference := source.get("fieldRef"):
        return field_value(pod, reference["fieldPath"])
    if reference := source.get("resourceFieldRef"):
        return resource_value(pod, container, reference)
    namespace = pod["metadata"]["namespace"]
    if reference := source.get("configMapKeyRef"):
        return _one_of(await configs.config_map(namespace, reference["name"]), "configmap", reference)
    if reference := source.get("secretKeyRef"):
        return _one_of(await configs.secret(namespace, reference["name"]), "secret", reference)
    raise ValueError(f"env {variable['name']}: valueFrom {sorted(source)} is not supported by the process node")


def _one_of(data: Mapping[str, bytes] | None, kind: str, reference: JsonObject) -> str | None:
    if data is not None and reference["key"] in data:
        return data[reference["key"]].decode()
    if reference.get("optional"):
        return None
    if data is None:
        raise ConfigMissing(f'{kind} "{reference["name"]}" not found')
    raise ConfigMissing(f'couldn\'t find key {reference["key"]} in {kind} "{reference["name"]}"')


async def _all_of(namespace: str, source: JsonObject, configs: ConfigSource) -> dict[str, str]:
    if reference := source.get("configMapRef"):
        kind, data = "configmap", await configs.config_map(namespace, reference["name"])
    else:
        reference = source["secretRef"]
        kind, data = "secret", await configs.secret(namespace, reference["name"])
    if data is None and not reference.get("optional"):
        raise ConfigMissing(f'{kind} "{reference["name"]}" not found')
    prefix = source.get("prefix", "")
    return {f"{prefix}{key}": value.decode() for key, value in (data or {}).items()}


def field_value(pod: JsonObject, path: str) -> str:
    """Return what a downward-API field path says of the pod. Raises ValueError for an unknown path."""
    if found := _LABEL_OR_ANNOTATION.fullmatch(path):
        value = pod["metadata"].get(found[1], {}).get(found[2], "")
        return str(value)
    fields = {
        "metadata.name": pod["metadata"]["name"],
        "metadata.namespace": pod["metadata"]["namespace"],
        "metadata.uid": pod["metadata"]["uid"],
        "spec.nodeName": pod["spec"].get("nodeName", ""),
        "spec.serviceAccountName": pod["spec"].get("serviceAccountName", ""),
        "status.podIP": pod["status"].get("podIP", ""),
        "status.podIPs": pod["status"].get("podIP", ""),
        "status.hostIP": pod["status"].get("hostIP", ""),
        "status.hostIPs": pod["status"].get("hostIP", ""),
    }
    if path not in fields:
        raise ValueError(f"fieldPath {path} is not supported by the process node")
    return str(fields[path])


def resource_value(pod: JsonObject, container: JsonObject, reference: JsonObject) -> str:
    """Return a container's resource request or limit in units of the divisor, rounded up.

    Raises ValueError when the container does not declare it.
    """
    named = reference.get("containerName", container["name"])
    declared = next(each for each in pod["spec"]["containers"] if each["name"] == named)
    kind, _, resource = reference["resource"].partition(".")
    amount = declared.get("resources", {}).get(kind, {}).get(resource)
    if amount is None:
        raise ValueError(f"container {named} declares no {reference['resource']}")
    divisor = quantity(reference.get("divisor") or "1") or Decimal(1)
    return str(math.ceil(quantity(amount) / divisor))
