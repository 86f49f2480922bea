"""Flux as a judge: the example's healthCheckExprs, evaluated by CEL in the order of Flux's RFC 0009."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from cel_expr_python import cel
from cel_expr_python.ext.ext_optional import ExtOptional

FOLDER = Path(__file__).parents[2] / "gitops" / "flux"
ORDER = {"inProgress": "InProgress", "failed": "Failed", "current": "Current"}
_VARIABLES = ("apiVersion", "kind", "metadata", "spec", "status")
_ENVIRONMENT = cel.NewEnv(variables=dict.fromkeys(_VARIABLES, cel.Type.DYN), extensions=[ExtOptional()])


def manifests() -> dict[str, Any]:
    """The example manifests by file name."""
    return {path.name: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.yaml"))}


def expressions() -> dict[str, str]:
    """The example's expressions for an IngestionRun."""
    checks = manifests()["gate.yaml"]["spec"]["healthCheckExprs"]
    return next(check for check in checks if check["kind"] == "IngestionRun")


def judge(run: Mapping[str, Any]) -> str:
    """Return InProgress, Failed or Current, or Unknown where an expression is an error: Flux looks again then."""
    observed = run.get("status", {}).get("observedGeneration")
    if observed is not None and observed != run["metadata"]["generation"]:
        return "InProgress"
    for kind, verdict in ORDER.items():
        holds = evaluate(expressions()[kind], run)
        if holds is None:
            return "Unknown"
        if holds:
            return verdict
    return "InProgress"


def evaluate(expression: str, run: Mapping[str, Any]) -> bool | None:
    """Return what an expression says of a run; None is an error."""
    value = _ENVIRONMENT.compile(expression).eval(data=run)
    return bool(value.value()) if value.type() == cel.Type.BOOL else None
