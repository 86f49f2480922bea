"""Everything that comes out of a cluster, piece by piece, each with where it was; but for where secrets belong."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lancedb
import pyarrow.parquet as pq
from typer.testing import CliRunner

from dev.cluster import Cluster
from dev.cluster.kubectl import kubectl
from ingestion_contract import identity
from ingestion_contract.pod import RUN_FILE
from kubectl_ingest.cli import app

Piece = tuple[str, bytes]
Json = dict[str, Any]

WATCHED = (identity.PLURAL, "jobs", "pods", "events", "configmaps")
"""Kinds of which every version is taken: what a condition or a pod says goes away again."""

_RUN_KEY = Path(RUN_FILE).name
_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"\s*")


@contextmanager
def watched(cluster: Cluster, folder: Path) -> Iterator[None]:
    """Write every version of the objects into a folder, from now on."""
    folder.mkdir()
    watches = []
    try:
        for kind in WATCHED:
            command = [str(cluster.kubectl), "get", kind, "-A", "--watch", "-o", "json"]
            with (folder / kind).open("wb") as file:
                watches.append(subprocess.Popen(command, env=cluster.environment, stdout=file))
        yield
    finally:
        for watch in watches:
            watch.terminate()
            watch.wait()


def versions(folder: Path) -> Iterator[Piece]:
    """Yield every version that `watched` has written, without the URLs of runs."""
    for path in sorted(folder.iterdir()):
        for item in _documents(path.read_text()):
            yield f"a version of {_name(item)}", _without_urls(item)


def objects(cluster: Cluster) -> Iterator[Piece]:
    """Yield all objects that there are now, but Secrets and the URLs of runs."""
    kinds = kubectl(cluster, "api-resources", "--verbs=list", "-o", "name").split()
    listed = kubectl(cluster, "get", ",".join(kind for kind in kinds if kind != "secrets"), "-A", "-o", "json")
    for item in json.loads(listed)["items"]:
        yield _name(item), _without_urls(item)


def shown(cluster: Cluster, namespace: str) -> Iterator[Piece]:
    """Yield what people are shown by kubectl and its plugin."""
    kinds = f"{identity.PLURAL},jobs,pods"
    # With the URLs of the runs: these are shown as their authors wrote them to whoever may read runs.
    described = kubectl(cluster, "describe", kinds, "-n", namespace)
    yield "kubectl describe", re.sub(r"(?m)^    Urls:\n(?:      .*\n)+", "", described).encode()
    yield "kubectl get events", kubectl(cluster, "get", "events", "-A").encode()
    names = kubectl(cluster, "get", identity.PLURAL, "-n", namespace, "-o", "name").split()
    for arguments in ((), *((name.rpartition("/")[2],) for name in names)):
        for form in ((), ("-o", "json")):
            yield f"kubectl ingest status {arguments}", _plugin(cluster, "status", *arguments, "-n", namespace, *form)


def logs(cluster: Cluster) -> Iterator[Piece]:
    """Yield what the containers of all pods have printed, and the programs of the cluster."""
    return _files(cluster.folder / "logs")


def recordings(cluster: Cluster, operators: str) -> Iterator[Piece]:
    """Yield what the operator has recorded of its decisions."""
    return _files(cluster.folder / "volumes" / operators)


def output_on_disk(folder: Path) -> Iterator[Piece]:
    """Yield the files of an output, and the rows of its tables; but the list of videos, by which workers fetch them."""
    for where, content in _files(folder):
        if not where.endswith("/videos.jsonl"):
            yield where, content
    for path in folder.rglob("*.parquet"):
        yield f"rows of the chunks {path}", str(pq.read_table(path).to_pylist()).encode()
    for index in folder.rglob("index/lancedb"):
        yield from _index(index)


def output_in_storage(client: Any, bucket: str, prefix: str) -> Iterator[Piece]:
    """Yield the same of an output in object storage, but for the rows of its tables."""
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for each in page.get("Contents", ()):
            if not each["Key"].endswith("/videos.jsonl"):
                yield f"s3://{bucket}/{each['Key']}", client.get_object(Bucket=bucket, Key=each["Key"])["Body"].read()


def _index(folder: Path) -> Iterator[Piece]:
    database = lancedb.connect(str(folder))
    for name in database.list_tables().tables:
        yield f"rows of the index {name}", str(database.open_table(name).to_arrow().to_pylist()).encode()


def _files(folder: Path) -> Iterator[Piece]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield f"{path.relative_to(folder.parent)}", str(path).encode() + b"\n" + path.read_bytes()


def _plugin(cluster: Cluster, *arguments: str) -> bytes:
    done = CliRunner().invoke(app, [*arguments, "--kubeconfig", str(cluster.kubeconfig)])
    assert done.exit_code == 0, done.output
    return done.output.encode()


def _documents(text: str) -> Iterator[Json]:
    """Yield the documents that stand one after the other in a text; the last one may be cut off."""
    position = 0
    while position < len(text):
        try:
            document, position = _DECODER.raw_decode(text, position)
        except ValueError:
            return
        yield document
        position = _SPACE.match(text, position).end()  # type: ignore[union-attr]


def _name(item: Json) -> str:
    metadata = item["metadata"]
    return f"{item['kind']} {metadata.get('namespace', '')}/{metadata['name']}"


def _without_urls(item: Json) -> bytes:
    """Return an object as text, without the URLs that a run's author wrote.

    They stand where the author wrote them, in the spec, and in the copy of it that the workers read. Whoever may read
    runs sees them there, which docs/security.md says: what signs a URL has to be used as it is.
    """
    if item["kind"] == identity.KIND:
        del item["spec"]["source"]["urls"]
    if item["kind"] == "ConfigMap" and _RUN_KEY in item.get("data", {}):
        run = json.loads(item["data"][_RUN_KEY])
        del run["spec"]["source"]["urls"]
        item["data"][_RUN_KEY] = json.dumps(run)
    return json.dumps(item, ensure_ascii=False).encode()
