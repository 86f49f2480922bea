import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from dev import installation
from dev.cluster import Cluster, NodeOptions
from dev.cluster.kubectl import kubectl
from dev.cluster.testing import cluster_for_tests
from dev.installation import claim, provide_identity
from ingestion_operator.kube import Kube
from tests.operator.cluster.kit import Operator, Runs

HERE = Path(__file__).parent


@pytest.fixture(scope="package")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster with the CRD, the operator's identity, and the stand-in as the image `worker`."""
    options = NodeOptions(cpus=64, gpus=32, images={"worker": HERE / "image"})
    with cluster_for_tests(tmp_path_factory.mktemp("operator") / "cluster", options) as cluster:
        provide_identity(cluster)
        yield cluster


@pytest.fixture(scope="package")
def operator_kubeconfig(cluster: Cluster) -> Path:
    """A kubeconfig with the rights that the chart gives, and no others."""
    return installation.operator_kubeconfig(cluster, cluster.folder.parent / "operator.kubeconfig")


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    """A fresh namespace with a claim for results."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    kubectl(cluster, "create", "namespace", name)
    kubectl(cluster, "apply", "-f", "-", given=claim("results", name))
    yield name
    kubectl(cluster, "delete", "namespace", name, "--wait=false")


@pytest.fixture
async def runs(cluster: Cluster, namespace: str) -> AsyncIterator[Runs]:
    """The runs of the namespace."""
    async with await Kube.connect(cluster.kubeconfig) as kube:
        yield Runs(kube, namespace, cluster.folder / "volumes")


@pytest.fixture
def operator(operator_kubeconfig: Path, namespace: str, tmp_path: Path) -> Iterator[Operator]:
    """The operator as a process of its own, which serves the namespace."""
    operator = Operator(operator_kubeconfig, namespace, tmp_path / "operator.log")
    operator.start()
    yield operator
    operator.stop()
    print(operator.log.read_text())
