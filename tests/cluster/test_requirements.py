"""What tests do on a machine that cannot run a cluster."""

import pytest

from dev.cluster import testing


@pytest.fixture
def _nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(testing, "missing_programs", lambda: ["`bwrap` is missing: run `apt-get install bubblewrap`."])


@pytest.mark.usefixtures("_nothing_installed")
def test_they_skip_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUIRE_CLUSTER", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no development cluster here: `bwrap` is missing"):
        testing.require_cluster()


@pytest.mark.usefixtures("_nothing_installed")
def test_they_fail_where_a_cluster_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUIRE_CLUSTER", "1")
    with pytest.raises(pytest.fail.Exception, match="`bwrap` is missing"):
        testing.require_cluster()
