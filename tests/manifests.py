"""Manifests that differ from a good one in one field, and which fields of a run may change."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from ingestion_contract.crd import custom_resource_definition
from ingestion_contract.rules import VALIDATIONS


def with_field(good: Mapping[str, Any], path: str, value: object) -> dict[str, Any]:
    """The good manifest with one field set, named as in `spec.workers`, or removed where the value is None."""
    changed = deepcopy(dict(good))
    *parents, last = path.split(".")
    node = changed
    for parent in parents:
        node = node.setdefault(parent, {})
    if value is None:
        del node[last]
    else:
        node[last] = value
    return changed


def schema_of_spec() -> dict[str, Any]:
    """The schema of a run's spec, as the API server has it."""
    root = custom_resource_definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return dict(root["properties"]["spec"])


def changeable() -> set[str]:
    """The fields of a run's spec that the API server lets change, named as in `workers.parallelism.max`."""
    return set(_changeable(schema_of_spec(), ""))


def _changeable(schema: Mapping[str, Any], path: str) -> Iterator[str]:
    if any(rule["rule"] == "self == oldSelf" for rule in schema.get(VALIDATIONS, [])):
        return
    if "properties" not in schema:
        yield path.removeprefix(".")
    for name, field in schema.get("properties", {}).items():
        yield from _changeable(field, f"{path}.{name}")
