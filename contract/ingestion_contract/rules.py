"""Marks in the JSON schema of a type, from which the CRD's CEL rules are made."""

from __future__ import annotations

from pydantic.config import JsonDict

IMMUTABLE = "x-ingestion-immutable"
VALIDATIONS = "x-kubernetes-validations"


def immutable() -> JsonDict:
    """Mark a field that may not change once the object exists: pass it as the field's ``json_schema_extra``."""
    return {IMMUTABLE: True}


def cel(*rules: tuple[str, str]) -> JsonDict:
    """Give a type CEL rules, each with its message: pass it as the type's ``json_schema_extra``.

    The messages are static, since Kubernetes refuses message expressions whose cost it cannot bound.
    """
    return {VALIDATIONS: [{"rule": rule, "message": message} for rule, message in rules]}
