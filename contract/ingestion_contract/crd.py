"""The CustomResourceDefinition, made from the types: structural schema, defaults, CEL rules, printer columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ingestion_contract import identity
from ingestion_contract.base import ApiModel
from ingestion_contract.rules import IMMUTABLE, VALIDATIONS
from ingestion_contract.spec import IngestionRunSpec
from ingestion_contract.status import IngestionRunStatus

Schema = dict[str, Any]

_DROPPED = {"title", "additionalProperties", "propertyNames", IMMUTABLE, "$defs", "examples"}

_COLUMNS = (
    ("Progress", "string", ".status.progress", "Videos with an outcome, of all", 0),
    ("Success", "integer", ".status.videos.successPercent", "Percent of the videos that may be read", 0),
    ("Workers", "integer", ".status.workers.parallelism", "Worker pods wanted now", 0),
    ("Memory", "integer", ".status.memory.usedPercent", "Percent of the fullest device", 0),
    ("OOMs", "integer", ".status.memory.oomTotal", "Out-of-memory events so far", 0),
    ("Reason", "string", '.status.conditions[?(@.type=="Ready")].reason', "Why the run is as it is", 0),
    ("Age", "date", ".metadata.creationTimestamp", "", 0),
    ("Audio-h/h", "string", ".status.throughput.audioHoursPerHour", "Audio-hours per hour", 1),
    ("Message", "string", '.status.conditions[?(@.type=="Ready")].message', "", 1),
)


def custom_resource_definition() -> dict[str, Any]:
    """Return the CRD as plain data, for `crds/` and for the API server."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{identity.PLURAL}.{identity.GROUP}"},
        "spec": {
            "group": identity.GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": identity.KIND,
                "listKind": f"{identity.KIND}List",
                "plural": identity.PLURAL,
                "singular": identity.SINGULAR,
                "shortNames": [identity.SHORT_NAME],
                "categories": ["all"],
            },
            "versions": [_version()],
        },
    }


def _version() -> dict[str, Any]:
    return {
        "name": identity.VERSION,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": [_column(*column) for column in _COLUMNS],
        "schema": {"openAPIV3Schema": _root_schema()},
    }


def _column(name: str, kind: str, path: str, description: str, priority: int) -> dict[str, Any]:
    column = {"name": name, "type": kind, "jsonPath": path, "priority": priority}
    return column | ({"description": description} if description else {})


def _root_schema() -> Schema:
    return {
        "type": "object",
        "description": "A set of videos to be turned into transcripts and vectors.",
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            "spec": structural_schema(IngestionRunSpec, "spec"),
            "status": structural_schema(IngestionRunStatus, "status"),
        },
        VALIDATIONS: [
            {
                "rule": f"size(self.metadata.name) <= {identity.MAX_RUN_NAME_LENGTH}",
                "message": f"metadata.name must have at most {identity.MAX_RUN_NAME_LENGTH} characters, "
                "so that the names of its Jobs' pods fit",
            },
            {
                "rule": "!self.metadata.name.contains('.')",
                "message": "metadata.name must not contain dots, since the names of Jobs and pods are made from it",
            },
        ],
    }


def structural_schema(model: type[ApiModel], path: str) -> Schema:
    """Return a type as Kubernetes' structural schema: references inlined, nulls dropped, marks turned into CEL rules.

    Args:
        model: the type.
        path: where it stands in the object, for the messages, as in `spec`.
    """
    schema = model.model_json_schema(by_alias=True, mode="validation")
    return _convert(schema, schema.get("$defs", {}), path, immutable=False)


def _convert(node: Schema, definitions: dict[str, Schema], path: str, *, immutable: bool) -> Schema:
    node = _resolved(node, definitions)
    immutable = immutable or bool(node.get(IMMUTABLE))
    out = {key: value for key, value in node.items() if key not in _DROPPED and key not in ("properties", "items")}
    if "default" in out:
        out["default"] = _without_nulls(out["default"])
        if out["default"] is None:
            del out["default"]
    if out.pop("x-kubernetes-int-or-string", False):
        return _int_or_string(out)
    if "properties" in node:
        return _convert_object(node, out, definitions, path, immutable=immutable)
    if "items" in node:
        out["items"] = _convert(node["items"], definitions, f"{path}[]", immutable=False)
    if isinstance(node.get("additionalProperties"), dict):
        out["additionalProperties"] = _convert(node["additionalProperties"], definitions, f"{path}.*", immutable=False)
    return _with_rules(out, [*_short_keys(node, path), *([_unchanged(path)] if immutable else [])])


def _short_keys(node: Schema, path: str) -> Iterator[dict[str, str]]:
    """Yield the rule for the keys of a map, for which a structural schema has no word."""
    longest = node.get("propertyNames", {}).get("maxLength")
    if longest is not None:
        message = f"{path} must have no key of more than {longest} characters"
        yield {"rule": f"self.all(key, size(key) <= {longest})", "message": message}


def _convert_object(node: Schema, out: Schema, definitions: dict[str, Schema], path: str, *, immutable: bool) -> Schema:
    properties = {
        name: _convert(child, definitions, f"{path}.{name}", immutable=immutable)
        for name, child in node["properties"].items()
    }
    out["properties"] = properties
    return _with_rules(out, list(_fixed_presence(node, definitions, path, immutable=immutable)))


def _fixed_presence(
    node: Schema, definitions: dict[str, Schema], path: str, *, immutable: bool
) -> Iterator[dict[str, str]]:
    """Yield the rules against adding or removing an immutable field: a field's own rule does not see that."""
    for name, child in node["properties"].items():
        resolved = _resolved(child, definitions)
        may_be_absent = name not in node.get("required", []) and resolved.get("default") is None
        if may_be_absent and (immutable or resolved.get(IMMUTABLE)):
            yield {
                "rule": f"has(self.{name}) == has(oldSelf.{name})",
                "message": f"{path}.{name} may not be added or removed: make a new IngestionRun under another name",
            }


def _unchanged(path: str) -> dict[str, str]:
    return {
        "rule": "self == oldSelf",
        "message": f"{path} may not be changed: make a new IngestionRun under another name, "
        "which costs only what is not there yet",
    }


def _with_rules(schema: Schema, rules: list[dict[str, str]]) -> Schema:
    every_rule = [*schema.pop(VALIDATIONS, []), *rules]
    return schema | ({VALIDATIONS: every_rule} if every_rule else {})


def _resolved(node: Schema, definitions: dict[str, Schema]) -> Schema:
    """Return the node with its reference followed and its null alternative dropped; its own keys win."""
    node = dict(node)
    alternatives = [option for option in node.get("anyOf", []) if option.get("type") != "null"]
    if "anyOf" in node and not node.get("x-kubernetes-int-or-string") and len(alternatives) == 1:
        del node["anyOf"]
        node = alternatives[0] | node
    if "$ref" in node:
        name = node.pop("$ref").rsplit("/", 1)[-1]
        node = _resolved(definitions[name], definitions) | node
    return node


def _int_or_string(out: Schema) -> Schema:
    out["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    return out | {"x-kubernetes-int-or-string": True}


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value
