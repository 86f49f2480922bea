"""JSON schemas of Kubernetes' own kinds for kubeconform, from the OpenAPI file of the pinned Kubernetes module."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dev.cluster.binary import CONTROL_PLANE

Schema = dict[str, Any]

_DEFINITIONS = "#/definitions/"
_KINDS = "x-kubernetes-group-version-kind"
_INT_OR_STRING = {"oneOf": [{"type": "string"}, {"type": "integer"}]}
_QUANTITY = {"oneOf": [{"type": "string"}, {"type": "number"}]}
_OWN_FORMS = {
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": _INT_OR_STRING,
    "io.k8s.apimachinery.pkg.api.resource.Quantity": _QUANTITY,
}
_SEVERAL_KINDS = {"DeleteOptions", "WatchEvent"}

LOCATION = "{{ .ResourceKind }}{{ .KindSuffix }}.json"
"""Name of a schema in a folder, as `kubeconform -schema-location` takes it."""


def write_schemas(folder: Path) -> None:
    """Write a strict schema per kind into a folder, and one file of what they refer to.

    Raises:
        subprocess.CalledProcessError: Go cannot say where the module is, or fetch it.
    """
    definitions = json.loads(_openapi().read_text(encoding="utf-8"))["definitions"]
    strict = {name: _OWN_FORMS.get(name) or _strict(schema) for name, schema in definitions.items()}
    (folder / "definitions.json").write_text(json.dumps({"definitions": strict}), encoding="utf-8")
    for name, schema in definitions.items():
        for kind in schema.get(_KINDS, []):
            if kind["kind"] not in _SEVERAL_KINDS:
                reference = {"$ref": f"definitions.json{_DEFINITIONS}{name}"}
                (folder / _file_name(kind)).write_text(json.dumps(reference), encoding="utf-8")


def _openapi() -> Path:
    command = [str(CONTROL_PLANE.find_go()), "mod", "download", "-json", "k8s.io/kubernetes"]
    said = subprocess.run(command, cwd=CONTROL_PLANE.source, capture_output=True, text=True, check=True).stdout
    return Path(json.loads(said)["Dir"]) / "api" / "openapi-spec" / "swagger.json"


def _file_name(kind: Mapping[str, str]) -> str:
    group = kind["group"].partition(".")[0]
    return "-".join(part.lower() for part in (kind["kind"], group, kind["version"]) if part) + ".json"


def _strict(schema: Schema) -> Schema:
    """Refuse unknown fields, and let a field be null, as the API server does."""
    properties = {name: {"anyOf": [inner, {"type": "null"}]} for name, inner in schema.get("properties", {}).items()}
    return {**schema, "properties": properties, "additionalProperties": False} if properties else schema
