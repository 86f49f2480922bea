"""What may change in a run that exists, and nothing else: what README.md and docs/gitops.md promise."""

from collections.abc import Iterator, Mapping
from typing import Any

from ingestion_contract.rules import VALIDATIONS
from tests.manifests import changeable, schema_of_spec

LEVERS = {
    "suspend",
    "workers.parallelism.initial",
    "workers.parallelism.min",
    "workers.parallelism.max",
    "memory.targetPercent",
    "memory.recoveryAfterSeconds",
    "objectives.minSuccessPercent",
    "objectives.minUtilisationPercent",
    "activeDeadlineSeconds",
    "ttlSecondsAfterFinished",
}


def loose(schema: Mapping[str, Any], path: str) -> Iterator[str]:
    """Yield the optional fields that may not change, but may come and go."""
    rules = {rule["rule"] for rule in schema.get(VALIDATIONS, [])}
    for name, field in schema.get("properties", {}).items():
        here = f"{path}{name}"
        fixed = not any(lever == here or lever.startswith(f"{here}.") for lever in changeable())
        optional = name not in schema.get("required", []) and "default" not in field
        if fixed and optional and f"has(self.{name}) == has(oldSelf.{name})" not in rules:
            yield here
        yield from loose(field, f"{here}.")


def test_the_levers_may_change_and_nothing_else() -> None:
    assert changeable() == LEVERS


def test_what_may_not_change_may_not_be_added_or_removed_either() -> None:
    assert list(loose(schema_of_spec(), "")) == []
