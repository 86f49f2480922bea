from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from kubernetes import client, config

from dev.cluster import Cluster, NodeOptions
from dev.cluster.kubectl import kubectl
from dev.cluster.testing import cluster_for_tests
from dev.installation import claim, provide_identity
from ingestion_operator.kube import Kube
from tests.hostile.api_server import ApiServer
from tests.operator.cluster.conftest import HERE as OPERATOR_TESTS
from tests.operator.cluster.conftest import operator_kubeconfig
from tests.operator.cluster.kit import Operator, Runs
from tests.worker.conftest import quick_retries

__all__ = ["operator_kubeconfig", "quick_retries"]

NAMESPACE = "hostile"


@pytest.fixture(scope="package")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster with the CRD, the operator's identity, and the stand-in as the image `worker`."""
    options = NodeOptions(cpus=64, gpus=32, images={"worker": OPERATOR_TESTS / "image"})
    with cluster_for_tests(tmp_path_factory.mktemp("hostile") / "cluster", options) as cluster:
        provide_identity(cluster)
        kubectl(cluster, "create", "namespace", NAMESPACE)
        kubectl(cluster, "apply", "-f", "-", given=claim("results", NAMESPACE))
        yield cluster


@pytest.fixture(scope="package")
def api_server(cluster: Cluster) -> Iterator[ApiServer]:
    """The API server, asked over one connection."""
    with config.new_client_from_config(str(cluster.kubeconfig)) as connection:
        yield ApiServer(client.CustomObjectsApi(connection), NAMESPACE)


@pytest.fixture
async def runs(cluster: Cluster) -> AsyncIterator[Runs]:
    """The runs of the namespace."""
    async with await Kube.connect(cluster.kubeconfig) as kube:
        yield Runs(kube, NAMESPACE, cluster.folder / "volumes")


@pytest.fixture
def operator(operator_kubeconfig: Path, tmp_path: Path) -> Iterator[Operator]:
    """The operator as a process of its own, which serves the namespace."""
    operator = Operator(operator_kubeconfig, NAMESPACE, tmp_path / "operator.log")
    operator.start()
    yield operator
    operator.stop()
