"""The operator as a user installs it, real workers, and secrets wherever secrets may lie."""

from __future__ import annotations

import base64
import json
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from kubernetes import client, config

from dev import installation
from dev.cluster import Cluster, GpuMount, NodeOptions
from dev.cluster.kubectl import kubectl
from dev.cluster.testing import cluster_for_tests
from dev.demo import manifests
from dev.demo.stage import ASR_MODEL, EMBEDDER
from dev.installation import Installation
from dev.sample_media.sentences import sample_videos
from dev.sample_media.synthesise import synthesise
from ingestion_contract import identity
from ingestion_contract.metrics import PORT
from ingestion_contract.pod import Step
from ingestion_worker.device import simulated
from tests.secrets.canaries import CONTROL, secret
from tests.secrets.echo import REFUSED, EchoingSource, EchoingStorage, echoing_storage
from tests.worker.support.runs import wait_for

TENANT = "tenant"
NEIGHBOUR = "neighbour"
BUCKET = "talks"
RESULTS = "results"
MODELS = "models"

CREDENTIALS = {
    name: secret(name.replace("_", ""))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "PGPASSWORD", "HF_TOKEN")
}
"""The values of a run's Secret of credentials; those of AWS are shown to object storage, but for the second."""

UNKNOWN_KEY = {"LD_PRELOAD": secret("preload")}

COOKIES = f"""# Netscape HTTP Cookie File
127.0.0.1\tFALSE\t/\tFALSE\t0\tsession\t{secret("cookie")}
127.0.0.1 FALSE / FALSE 0 blanks {secret("cookieofblanks")}
127.0.0.1\tTRUE\t/\tFALSE\t0\tdomain\t{secret("cookieofdomain")}
127.0.0.1\tFALSE\t/\tFALSE\tnever\texpiry\t{secret("cookieofexpiry")}
"""
"""A jar as people write it: one cookie is well formed, the others are not."""

_GPU = "/dev/simulated-gpu"
_GIB = 2**30
_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Scene:
    """A cluster with all that is asked, and what has come out of its metrics."""

    cluster: Cluster
    operator: Installation
    source: EchoingSource
    storage: EchoingStorage
    pages: dict[str, set[str]]
    api: client.ApiClient

    def create(self, name: str, source: Mapping[str, Any], output: Mapping[str, Any]) -> None:
        """Create a run with one worker."""
        run = manifests.run("", 1, 1)
        spec = run["spec"] | {"source": dict(source), "output": dict(output)}
        spec["workers"] |= {"videosPerShard": 100, "modelCache": {"persistentVolumeClaim": {"claimName": MODELS}}}
        run |= {"metadata": {"name": name, "namespace": TENANT}, "spec": spec}
        kubectl(self.cluster, "create", "-f", "-", given=run)

    def until(self, name: str, words: str) -> None:
        """Wait until the status of a run tells of something in these words."""

        wait_for(lambda: words in json.dumps(self._status(name)), f"the status of {name} says: {words}")

    def until_ended(self, name: str) -> None:
        """Wait until a run has ended, well or not."""
        wait_for(lambda: "completionTime" in self._status(name), f"{name} ends")

    def _status(self, name: str) -> dict[str, Any]:
        where = (identity.GROUP, identity.VERSION, TENANT, identity.PLURAL, name)
        run: Any = client.CustomObjectsApi(self.api).get_namespaced_custom_object(*where)
        status: dict[str, Any] = run.get("status", {})
        return status

    @property
    def results(self) -> Path:
        """The folder of the tenant's claim for outputs."""
        return self.cluster.folder / "volumes" / TENANT / RESULTS

    @property
    def operators_token(self) -> str:
        """The token of the operator's service account, the only one that is mounted into a pod."""
        (token,) = {path.read_text() for path in (self.cluster.folder / "pods").rglob("token")}
        return token


@contextmanager
def scene(folder: Path) -> Iterator[Scene]:
    """Bring everything up, and take it down at the end."""
    gpu = folder / "gpu"
    simulated.create(gpu, 24 * _GIB)
    options = NodeOptions(
        cpus=32,
        gpus=8,
        images={manifests.WORKER_IMAGE: Path(sys.prefix), **installation.IMAGES},
        gpu_env={"SIMULATED_GPU": _GPU},
        gpu_mounts=(GpuMount(gpu, _GPU),),
    )
    (clip,) = synthesise(sample_videos(1)).values()
    with ExitStack() as stack:
        source = stack.enter_context(EchoingSource(clip.path, f"say {CONTROL}said"))
        storage = stack.enter_context(echoing_storage())
        storage.put(BUCKET, {"media/stored.opus": clip.path, f"{REFUSED}/talk.opus": clip.path})
        cluster = stack.enter_context(cluster_for_tests(folder / "cluster", options))
        operator = Installation(cluster)
        operator.install(_values())
        _provide(cluster, storage)
        operator.until_ready()
        pages: dict[str, set[str]] = {"operator": set(), "worker": set()}
        api = stack.enter_context(config.new_client_from_config(str(cluster.kubeconfig)))
        stack.enter_context(_scraped(api, operator.address, pages))
        yield Scene(cluster, operator, source, storage, pages, api)


def _values() -> dict[str, Any]:
    """Return the values of the chart: everything is logged, and the operator's environment has a secret of its own."""
    password = {"secretKeyRef": {"name": "operator", "key": "password"}}
    return {
        "allowNetworks": ["127.0.0.0/8"],
        "scrapeIntervalSeconds": 1,
        "metrics": {"enabled": True},
        "logLevel": "debug",
        "env": [{"name": "INGESTION_RECORD", "value": "/recordings"}, {"name": "PASSWORD", "valueFrom": password}],
    }


def _provide(cluster: Cluster, storage: EchoingStorage) -> None:
    """Create namespaces, claims and Secrets, and lay the models where workers look for them."""
    keys = {**CREDENTIALS, **UNKNOWN_KEY, "AWS_DEFAULT_REGION": "us-east-1"}
    objects = [
        *map(installation.namespace, (TENANT, NEIGHBOUR)),
        *(installation.claim(name, TENANT) for name in (RESULTS, MODELS)),
        _secret("operator", installation.NAMESPACE, {"password": secret("operator")}),
        _secret("of-sources", TENANT, {**keys, "AWS_ENDPOINT_URL": storage.of_sources.url}),
        _secret("of-outputs", TENANT, {**keys, "AWS_ENDPOINT_URL": storage.of_outputs.url}),
        _secret("cookies", TENANT, {"jar": COOKIES}),
        _secret("bystander", TENANT, {"password": secret("bystander")}),
        _secret("bystander", NEIGHBOUR, {"password": secret("neighbour")}),
    ]
    kubectl(cluster, "apply", "-f", "-", given={"apiVersion": "v1", "kind": "List", "items": objects})
    claims = [f"persistentvolumeclaim/{name}" for name in (RESULTS, MODELS)]
    kubectl(cluster, "wait", "--for=jsonpath={.status.phase}=Bound", *claims, "-n", TENANT, "--timeout=60s")
    models = cluster.folder / "volumes" / TENANT / MODELS
    shutil.copytree(ASR_MODEL, models / manifests.ASR_MODEL, dirs_exist_ok=True)
    shutil.copytree(EMBEDDER, models / manifests.EMBEDDER, dirs_exist_ok=True)


def _secret(name: str, namespace: str, values: Mapping[str, str]) -> dict[str, Any]:
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": namespace}, "data": data}


@contextmanager
def _scraped(api: client.ApiClient, operator: str, pages: dict[str, set[str]]) -> Iterator[None]:
    """Read the metrics of the operator and of each worker again and again, and keep every page that differs."""
    over = Event()
    pods = client.CoreV1Api(api)

    def read() -> None:
        while not over.wait(_POLL_SECONDS):
            pages["operator"] |= _page(operator, 8081)
            listed: Any = pods.list_namespaced_pod(TENANT, label_selector=f"{identity.STEP_LABEL}={Step.WORK}")
            for worker in listed.items:
                if worker.status.phase == "Running":
                    pages["worker"] |= _page(worker.status.pod_ip, PORT)

    thread = Thread(target=read, name="scrape")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _page(address: str, port: int) -> set[str]:
    try:
        with urlopen(f"http://{address}:{port}/metrics", timeout=2) as answer:
            return {answer.read().decode()}
    except (URLError, OSError):
        return set()
