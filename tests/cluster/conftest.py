import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from dev.cluster import Cluster, GpuMount, NodeOptions
from dev.cluster.node.api import Api
from dev.cluster.node.settings import read_settings
from dev.cluster.testing import cluster_for_tests
from tests.cluster.kit import Namespace

UNDER_TMP = "under-tmp"


def _image(folder: Path) -> Path:
    """An image that lies where pods have a /tmp of their own, as a checkout below /tmp does."""
    program = folder / "bin" / "greet"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\necho hello > /dev/termination-log\n")
    program.chmod(0o755)
    return folder


@pytest.fixture(scope="package")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One cluster for all tests of this folder; its ConfigMaps only ever reach pods that are touched."""
    folder = tmp_path_factory.mktemp("cluster")
    ledger = folder / "ledger"
    ledger.mkdir()
    options = NodeOptions(
        cpus=16,
        gpus=8,
        images={UNDER_TMP: _image(folder / "image")},
        gpu_env={"SIMULATED_GPU": "/dev/simulated-gpu"},
        gpu_mounts=(GpuMount(ledger, "/dev/simulated-gpu"),),
        config_refresh_seconds=3600,
    )
    with cluster_for_tests(folder / "cluster", options) as cluster:
        yield cluster


@pytest.fixture
def ledger(cluster: Cluster) -> Path:
    return cluster.options.gpu_mounts[0].host


@pytest.fixture
async def namespace(cluster: Cluster) -> AsyncIterator[Namespace]:
    """A fresh namespace; what is left in it is deleted after the test."""
    settings = read_settings(cluster.folder / "node.json")
    name = f"test-{uuid.uuid4().hex[:8]}"
    async with Api(settings.server, settings.credentials) as api:
        await api.create("/api/v1/namespaces", {"metadata": {"name": name}})
        namespace = Namespace(api, name)
        await namespace.until("serviceaccounts", "default", lambda _: True)
        yield namespace
        await api.delete(f"/api/v1/namespaces/{name}")
