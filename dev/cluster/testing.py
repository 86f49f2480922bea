"""A cluster for tests: skipped with the reason where it cannot run, unless REQUIRE_CLUSTER=1 makes that a failure."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from dev.cluster.binary import CONTROL_PLANE
from dev.cluster.cluster import Cluster, missing_programs
from dev.cluster.node.options import NodeOptions
from dev.go_program import GoMissing

PYTHON_IMAGE = "python"


def require_cluster() -> None:
    """Skip the test that asks for a cluster, or fail it, when this machine cannot run one."""
    problems = missing_programs()
    if not CONTROL_PLANE.cached().exists():
        try:
            CONTROL_PLANE.find_go()
        except GoMissing as missing:
            problems.append(str(missing))
    if problems:
        reason = f"no development cluster here: {' '.join(problems)}"
        if os.environ.get("REQUIRE_CLUSTER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)


@contextmanager
def cluster_for_tests(folder: Path, options: NodeOptions | None = None) -> Iterator[Cluster]:
    """Run a cluster whose node knows the image `python`: the environment that runs the tests."""
    require_cluster()
    chosen = options or NodeOptions(cpus=16, gpus=8)
    images = {PYTHON_IMAGE: Path(sys.prefix), **chosen.images}
    with Cluster(folder, replace(chosen, images=images)) as cluster:
        yield cluster
