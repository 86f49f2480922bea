"""What somebody with kubectl, or a pipeline with it, may rely on, while the operator works on the same object."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dev.cluster import Cluster
from dev.cluster.kubectl import KubectlFailed, kubectl
from tests.operator.cluster.kit import Operator, Runs

pytestmark = pytest.mark.long

RUN = "ingestionrun.ingestion.dev/talks"


def apply(cluster: Cluster, manifest: dict[str, Any], *options: str) -> str:
    return kubectl(cluster, "apply", *options, "-f", "-", given=manifest).strip()


def generation(cluster: Cluster, runs: Runs) -> int:
    found = json.loads(kubectl(cluster, "get", RUN, "-n", runs.namespace, "-o", "json"))
    return int(found["metadata"]["generation"])


@pytest.mark.parametrize("side", [[], ["--server-side"]], ids=["client", "server"])
async def test_applying_twice_changes_nothing_and_diff_is_empty_before_and_after_the_operators_work(
    cluster: Cluster, runs: Runs, operator: Operator, side: list[str]
) -> None:
    operator.stop()
    manifest = runs.manifest(shards=2, videos=2)
    created = "serverside-applied" if side else "created"
    assert apply(cluster, manifest, *side) == f"{RUN} {created}"
    again = "serverside-applied" if side else "unchanged"
    assert apply(cluster, manifest, *side) == f"{RUN} {again}"
    assert kubectl(cluster, "diff", *side, "-f", "-", given=manifest) == ""

    operator.start()
    said = kubectl(cluster, "wait", "--for=condition=Ready", RUN, "-n", runs.namespace, "--timeout=60s")
    assert said.strip() == f"{RUN} condition met"
    assert (await runs.status()).progress == "4/4"
    for end in ("jsonpath={.status.completionTime}", "condition=Complete"):
        said = kubectl(cluster, "wait", f"--for={end}", RUN, "-n", runs.namespace, "--timeout=1s")
        assert said.strip() == f"{RUN} condition met"

    assert kubectl(cluster, "diff", *side, "-f", "-", given=manifest) == ""
    assert apply(cluster, manifest, *side) == f"{RUN} {again}"
    assert generation(cluster, runs) == 1


def test_a_change_of_what_shapes_the_output_is_refused_with_the_name_of_the_field(cluster: Cluster, runs: Runs) -> None:
    manifest = runs.manifest()
    apply(cluster, manifest)
    manifest["spec"]["source"] = {"urls": ["https://videos.example/others"]}

    with pytest.raises(KubectlFailed, match=r"spec\.source"):
        apply(cluster, manifest)
    assert generation(cluster, runs) == 1


def test_what_may_change_at_any_time_is_taken(cluster: Cluster, runs: Runs) -> None:
    manifest = runs.manifest()
    apply(cluster, manifest)
    manifest["spec"]["suspend"] = True

    assert apply(cluster, manifest) == f"{RUN} configured"
    assert generation(cluster, runs) == 2


async def test_waiting_for_readiness_does_not_end_while_the_work_goes_on(
    cluster: Cluster, runs: Runs, operator: Operator
) -> None:
    apply(cluster, runs.manifest(shards=4, videos=1000, seconds=0.5, gib=80))
    await runs.until("some videos are done", lambda status: status.videos.succeeded >= 1)

    with pytest.raises(KubectlFailed, match="timed out waiting for the condition"):
        kubectl(cluster, "wait", "--for=condition=Ready", RUN, "-n", runs.namespace, "--timeout=1s")
