"""Copies of objects, written past the API server: so many of them through it would take the better part of an hour.

What is copied, the API server has taken, and stores in the same way; it serves the copies, and tells watches of them.
"""

from __future__ import annotations

import base64
import json
import ssl
import uuid
from collections.abc import Iterable, Sequence
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPSConnection
from urllib.parse import urlsplit

from dev.cluster import Cluster
from ingestion_contract import identity
from ingestion_operator.kube import Object

_TIMEOUT_SECONDS = 60.0
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
    pki = cluster.folder / "pki"
    context = ssl.create_default_context(cafile=str(pki / "ca.crt"))
    context.load_cert_chain(pki / "admin.crt", pki / "admin.key")
    where = urlsplit(cluster.control_plane.etcd)
    with closing(HTTPSConnection(where.netloc, timeout=_TIMEOUT_SECONDS, context=context)) as etcd:
        for each in objects:
            etcd.request("POST", "/v3/kv/put", json.dumps(_put(each)))
            answer = etcd.getresponse()
            content = answer.read()
            if answer.status != HTTPStatus.OK:
                raise OSError(f"etcd answers {answer.status}: {content[:200].decode(errors='replace')}")


def _put(found: Object) -> dict[str, str]:
    meta = found["metadata"]
    key = f"/registry/{_FOLDERS[found['kind']]}/{meta['namespace']}/{meta['name']}"
    return {"key": _encoded(key), "value": _encoded(json.dumps(found))}


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
