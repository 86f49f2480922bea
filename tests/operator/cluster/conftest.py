import json
import subprocess
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from dev.cluster import Cluster, NodeOptions
from dev.cluster.testing import cluster_for_tests
from ingestion_contract.crd import custom_resource_definition
from ingestion_operator.kube import Kube, Resource
from tests.operator.cluster.kit import Operator, Runs

HERE = Path(__file__).parent
RBAC = HERE.parents[2] / "deploy" / "rbac.yaml"
NAMESPACES = Resource("", "v1", "namespaces")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster with the CRD, the operator's identity, and the stand-in as the image `worker`."""
    options = NodeOptions(cpus=64, gpus=32, images={"worker": HERE / "image"})
    with cluster_for_tests(tmp_path_factory.mktemp("operator") / "cluster", replace(options)) as cluster:
        crd = json.dumps(custom_resource_definition())
        kubectl(cluster, "apply", "-f", "-", given=crd)
        kubectl(cluster, "apply", "-f", str(RBAC))
        kubectl(cluster, "wait", "--for=condition=Established", "crd/ingestionruns.ingestion.dev")
        yield cluster


@pytest.fixture(scope="module")
def operator_kubeconfig(cluster: Cluster) -> Path:
    """A kubeconfig with the rights that deploy/rbac.yaml gives, and no others."""
    token = kubectl(cluster, "create", "token", "ingestion-operator", "-n", "ingestion-operator").strip()
    config = yaml.safe_load(cluster.kubeconfig.read_text())
    config["users"][0]["user"] = {"token": token}
    path = cluster.folder.parent / "operator.kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return path


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    """A fresh namespace with a claim for results."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    kubectl(cluster, "create", "namespace", name)
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "results"},
        "spec": {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    kubectl(cluster, "apply", "-n", name, "-f", "-", given=json.dumps(claim))
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


def kubectl(cluster: Cluster, *arguments: str, given: str | None = None) -> str:
    """Run kubectl as the administrator and return what it says."""
    command = [str(cluster.kubectl), "--kubeconfig", str(cluster.kubeconfig), *arguments]
    return subprocess.run(command, input=given, capture_output=True, text=True, check=True).stdout
