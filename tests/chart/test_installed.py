"""The chart on a real API server, under Pod Security `restricted`; the workers are stand-ins without models."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator

import pytest

from dev.cluster import Cluster, NodeOptions
from dev.cluster.kubectl import kubectl
from dev.cluster.testing import cluster_for_tests
from dev.installation import IMAGES, claim, namespace
from ingestion_contract.status import ConditionType
from ingestion_operator.kube import Kube
from ingestion_operator.resources import EVENTS
from ingestion_operator.status.conditions import holds
from tests.chart.kit import NAMESPACE
from tests.chart.release import Release, Right
from tests.operator.cluster.conftest import HERE
from tests.operator.cluster.kit import Runs

pytestmark = pytest.mark.long

CRD = "CustomResourceDefinition ingestionruns.ingestion.dev"
SOON = {"scrapeIntervalSeconds": 1}
RARE = {
    # Of a run that has changed since it was read.
    Right("get", "ingestionruns.ingestion.dev"),
    # Of a Job whose name is taken.
    Right("get", "jobs.batch"),
    # Of a Job that is complete, but whose pod went before its result could be read.
    Right("delete", "jobs.batch"),
}
"""Rights that a run does not need as long as nothing unusual happens."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster that has the operator's image, and the stand-in as the image of the workers."""
    options = NodeOptions(cpus=16, gpus=16, images={"ingestion-worker": HERE / "image", **IMAGES})
    with cluster_for_tests(tmp_path_factory.mktemp("chart") / "cluster", options) as cluster:
        kubectl(cluster, "apply", "-f", "-", given=namespace(NAMESPACE))
        yield cluster


@pytest.fixture
def release(cluster: Cluster) -> Iterator[Release]:
    """A release that is yet to be installed."""
    release = Release(cluster)
    yield release
    release.remove_all()


@pytest.fixture
async def runs(cluster: Cluster) -> AsyncIterator[Runs]:
    """The runs of a fresh namespace."""
    async with await Kube.connect(cluster.kubeconfig) as kube:
        yield runs_of(cluster, kube)


def runs_of(cluster: Cluster, kube: Kube) -> Runs:
    """Make a namespace in which `restricted` is enforced, with a claim for results, and return its runs."""
    name = f"talks-{uuid.uuid4().hex[:8]}"
    kubectl(cluster, "apply", "-f", "-", given=namespace(name))
    kubectl(cluster, "apply", "-f", "-", given=claim("results", name))
    return Runs(kube, name, cluster.folder / "volumes")


async def test_it_is_installed_passes_its_test_and_ingests_also_while_it_is_upgraded(
    release: Release, runs: Runs
) -> None:
    said = release.install(SOON)
    assert f"The operator is installed in the namespace {NAMESPACE}; it serves all namespaces." in said
    assert release.test() == "0 ingestionruns in all namespaces can be read\n"
    before = release.pod()
    await runs.apply(shards=6, videos=8, seconds=0.4, room=2)
    await runs.until("memory runs out", lambda status: status.adaptations)

    release.upgrade(SOON | {"logLevel": "debug"})
    after = release.pod()
    assert after["metadata"]["uid"] != before["metadata"]["uid"]
    assert "--log-level=debug" in after["spec"]["containers"][0]["args"]

    status = await runs.until_ended()
    assert holds(status.conditions, ConditionType.COMPLETE)
    assert status.progress == "48/48"
    assert len(runs.ingested()) == 48
    assert not [event for event in await runs.select(EVENTS) if "violates PodSecurity" in event["message"]]
    assert release.asked("forbid") == set()
    assert release.rights() - release.asked("allow") <= RARE


async def test_uninstalling_leaves_runs_at_work_and_a_later_release_takes_them_over(
    release: Release, runs: Runs
) -> None:
    release.install(SOON)
    await runs.apply(shards=4, videos=12, seconds=0.4, gib=80)
    await runs.until("some videos are done", lambda status: status.videos.succeeded >= 2)

    release.uninstall()
    await release.until_left(CRD)
    assert (await runs.status()).completion_time is None

    release.install(SOON)
    status = await runs.until_ended()
    assert status.progress == "48/48"
    assert len(runs.ingested()) == 48


async def test_without_crds_keep_everything_goes_even_while_a_run_is_at_work(release: Release, runs: Runs) -> None:
    release.install(SOON | {"crds": {"keep": False}})
    run = await runs.apply(shards=4, videos=1000, seconds=0.4, gib=80)
    await runs.until("some videos are done", lambda status: status.videos.succeeded >= 1)

    release.uninstall()

    await release.until_left()
    await runs.until_children_are_gone(run)


async def test_in_namespaced_mode_the_operator_neither_touches_nor_may_read_anything_else(
    cluster: Cluster, release: Release, runs: Runs
) -> None:
    elsewhere = runs_of(cluster, runs.kube)
    said = release.install(SOON | {"namespaces": [runs.namespace], "rbac": {"aggregate": False}})
    assert f"it serves the namespaces {runs.namespace}." in said
    assert release.test() == f"0 ingestionruns in namespace {runs.namespace} can be read\n"
    assert not {name for name in release.objects() if name.startswith("ClusterRole")}
    assert release.may("list", "ingestionruns.ingestion.dev", runs.namespace)
    assert not release.may("list", "ingestionruns.ingestion.dev", elsewhere.namespace)
    assert not release.may("get", "secrets", runs.namespace)

    outside = await elsewhere.apply(shards=2, videos=2)
    await runs.apply(shards=2, videos=2)
    assert (await runs.until_ended()).progress == "4/4"

    assert (await elsewhere.status()).conditions == []
    assert await elsewhere.children(outside) == []
