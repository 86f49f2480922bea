"""Copies of objects, written past the API server: so many of them through it would take the better part of an hour.

What is copied, the API server has taken, and stores in the same way; it serves the copies, and tells watches of them.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Sequence

from benchmarks.etcd import connected
from dev.cluster import Cluster
from ingestion_contract import identity
from ingestion_operator.kube import Object

_FOLDERS = {
    identity.KIND: f"{identity.GROUP}/{identity.PLURAL}",
    "Job": "jobs",
    "Pod": "pods",
    "ConfigMap": "configmaps",
}


def copy_of(family: Sequence[Object], name: str, new: str) -> list[Object]:
    """Return objects that belong together under another name and other uids.

    Args:
        family: a run and what it has.
        name: the run's, with which the names of all begin.
        new: what is to take its place.
    """
    text = json.dumps(family)
    for each in family:
        text = text.replace(each["metadata"]["uid"], str(uuid.uuid4()))
    found: list[Object] = json.loads(text.replace(name, new))
    for each in found:
        del each["metadata"]["resourceVersion"]
    return found


def write(cluster: Cluster, objects: Iterable[Object]) -> None:
    """Store objects, each in a write of its own: the API server takes the number of the write for the version.

    Raises:
        OSError: etcd does not take them.
    """
    with connected(cluster) as etcd:
        for each in objects:
            meta = each["metadata"]
            etcd.put(f"/registry/{_FOLDERS[each['kind']]}/{meta['namespace']}/{meta['name']}", json.dumps(each))
