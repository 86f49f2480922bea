"""Which cluster is meant, and what is said where there is none."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from kubectl_ingest.cluster import Choice, KubernetesRuns, default_namespace
from kubectl_ingest.refusal import Unreachable

NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def kubeconfig(tmp_path: Path) -> str:
    """Two contexts of a cluster that does not answer; the current one names a namespace."""

    def context(name: str, **fields: Any) -> dict[str, Any]:
        return {"name": name, "context": {"cluster": "c", "user": "u", **fields}}

    path = tmp_path / "config"
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "lab",
        "clusters": [{"name": "c", "cluster": {"server": NOBODY}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [context("lab", namespace="media"), context("prod")],
    }
    path.write_text(yaml.safe_dump(config))
    return str(path)


def test_the_namespace_is_that_of_the_chosen_context(kubeconfig: str) -> None:
    assert default_namespace(Choice(kubeconfig)) == "media"
    assert default_namespace(Choice(kubeconfig, "prod")) == "default"


def test_a_context_that_is_not_there_is_refused_with_those_that_are(kubeconfig: str) -> None:
    with pytest.raises(Unreachable, match="no context staging: choose one of lab, prod"):
        default_namespace(Choice(kubeconfig, "staging"))
    with pytest.raises(Unreachable, match="staging"):
        KubernetesRuns(Choice(kubeconfig, "staging"))


def test_a_kubeconfig_that_is_not_there_is_refused_with_the_mend(tmp_path: Path) -> None:
    choice = Choice(str(tmp_path / "nowhere"))

    for ask in (default_namespace, KubernetesRuns):
        with pytest.raises(Unreachable, match=r"kubeconfig cannot be used.*--kubeconfig or \$KUBECONFIG"):
            ask(choice)


def test_a_cluster_that_does_not_answer_is_named(kubeconfig: str) -> None:
    with pytest.raises(Unreachable, match=f"the cluster at {NOBODY} does not answer"):
        KubernetesRuns(Choice(kubeconfig)).get("media", "talks")
