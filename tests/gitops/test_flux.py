"""The manifests for Flux that a reader copies, and what its expressions bear."""

from typing import Any

import pytest

from ingestion_contract import identity
from tests.gitops.flux import ORDER, evaluate, expressions, manifests
from tests.gitops.runs import manifest


def test_the_expressions_are_for_this_very_api() -> None:
    found = expressions()
    assert (found["apiVersion"], found["kind"]) == (identity.API_VERSION, identity.KIND)
    assert set(found) == {"apiVersion", "kind", *ORDER}


@pytest.mark.parametrize("kind", ORDER)
@pytest.mark.parametrize("status", [{}, {"observedGeneration": 1}, {"conditions": []}])
def test_a_field_that_is_not_there_yet_is_no_error(kind: str, status: dict[str, Any]) -> None:
    """Flux would wait out its timeout on an error."""
    assert evaluate(expressions()[kind], manifest(None) | {"status": status}) is not None


def test_long_runs_are_not_waited_for() -> None:
    spec = manifests()["runs.yaml"]["spec"]
    assert spec["wait"] is False
    assert "healthChecks" not in spec


def test_nothing_is_deleted_to_be_changed() -> None:
    assert [found["spec"].get("force", False) for found in manifests().values()] == [False, False]


def test_what_is_waited_for_has_a_limit_and_can_fail_before_it() -> None:
    spec = manifests()["gate.yaml"]["spec"]
    assert spec["wait"] is True
    assert spec["timeout"]
    assert "failed" in expressions()
