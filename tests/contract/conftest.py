from collections.abc import Iterator

import pytest

from dev.cluster import Cluster
from dev.cluster.testing import cluster_for_tests


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster of this folder's own."""
    with cluster_for_tests(tmp_path_factory.mktemp("contract") / "cluster") as cluster:
        yield cluster
