"""`make test` stays quick: what starts a cluster is marked `long`, but for the module that shows a whole run."""

import pytest

AT_EACH_CHANGE = {"test_founding_incident.py"}
STARTERS = {"cluster_for_tests", "require_cluster"}
"""In dev/cluster/testing.py; a module that has one of them starts a cluster of its own."""


def starts_cluster(test: pytest.Item) -> bool:
    """Whether a test uses a cluster of its folder's, or its module starts one."""
    assert isinstance(test, pytest.Function)
    return "cluster" in test.fixturenames or bool(STARTERS & vars(test.module).keys())


def test_only_these_start_a_cluster_at_each_change(request: pytest.FixtureRequest) -> None:
    quick = [test for test in request.session.items if test.get_closest_marker("long") is None]
    assert {test.path.name for test in quick if starts_cluster(test)} <= AT_EACH_CHANGE
