"""The real worker, with real media and models, is killed at several moments, and the operator once: nothing is lost."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from benchmarks.faults.audit import Output
from benchmarks.faults.fault import Fault
from benchmarks.faults.kinds.workers import kill_where_it_pauses
from benchmarks.faults.play import Found, play
from benchmarks.faults.real_worker import KILLED, OF_SHARDS, Moment, mark
from benchmarks.faults.scene import Scene
from benchmarks.faults.slot import IMAGE, Slot, write_image
from dev.cluster import Cluster, NodeOptions
from dev.cluster.kubectl import kubectl
from dev.cluster.testing import require_cluster
from dev.demo import manifests
from dev.demo.stage import ASR_MODEL, EMBEDDER
from dev.installation import claim, provide_identity
from dev.sample_media.server import SampleServer
from ingestion_contract.metrics import Result
from ingestion_operator.kube import Kube

pytestmark = pytest.mark.long

OF_A_SHARD = 2
VIDEOS = OF_A_SHARD * len(OF_SHARDS)
MODELS = "models"


@dataclass(frozen=True)
class Talks:
    """Videos of the sample, all of which exist and are heard."""

    feed: str
    videos_per_shard: int
    available: int = VIDEOS

    def spec(self) -> dict[str, Any]:
        demonstration = manifests.run(self.feed, VIDEOS, 1)["spec"]
        return {
            "source": {"urls": [self.feed], "captions": "Ignore"},
            "transcription": demonstration["transcription"],
            "embedding": demonstration["embedding"],
            "workers": {
                "videosPerShard": self.videos_per_shard,
                "modelCache": {"persistentVolumeClaim": {"claimName": MODELS}},
            },
        }


class KilledAtEveryMoment(Fault):
    """Each shard's worker dies at a moment of its own, the last step dies, and the operator dies meanwhile."""

    name = "killed-at-every-moment"
    told = "a worker is killed at each moment, and the operator once"

    async def inject(self, scene: Scene) -> None:
        kills = (kill_where_it_pauses(scene, mark(moment)) for moment in Moment)
        await asyncio.gather(*kills, self._kill_operator(scene))

    async def _kill_operator(self, scene: Scene) -> None:
        await scene.paused(mark(Moment.EMBEDDING))
        scene.slot.operator.kill()
        await scene.rest(2.0)
        scene.slot.operator.start()


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Found, Found, Output]:
    """A run to which nothing happens, and one that is killed at every moment, with its output."""
    require_cluster()
    folder = tmp_path_factory.mktemp("killed")
    options = NodeOptions(cpus=16, gpus=8, images={IMAGE: write_image("benchmarks.faults.real_worker")})
    with SampleServer(VIDEOS) as media, Cluster(folder / "cluster", options) as cluster:
        provide_identity(cluster)
        with Slot(cluster, "slot", folder, None) as slot:
            provide_models(slot)
            return asyncio.run(both(slot, media.feed_url))


async def both(slot: Slot, feed: str) -> tuple[Found, Found, Output]:
    async with await Kube.connect(slot.cluster.kubeconfig) as kube:
        alone = Scene(slot, kube, "undisturbed", Talks(feed, VIDEOS), stored=False)
        quiet, undisturbed = await play(0, alone, None, None)
        beset = Scene(slot, kube, "killed", Talks(f"{feed}?{KILLED}", OF_A_SHARD), stored=False)
        found, output = await play(1, beset, KilledAtEveryMoment(), undisturbed)
        return quiet, found, output


def provide_models(slot: Slot) -> None:
    kubectl(slot.cluster, "apply", "-f", "-", given=claim(MODELS, slot.namespace))
    bound = ("--for=jsonpath={.status.phase}=Bound", f"persistentvolumeclaim/{MODELS}", "-n", slot.namespace)
    kubectl(slot.cluster, "wait", *bound, "--timeout=60s")
    models: Path = slot.volume.parent / MODELS
    shutil.copytree(ASR_MODEL, models / manifests.ASR_MODEL, dirs_exist_ok=True)
    shutil.copytree(EMBEDDER, models / manifests.EMBEDDER, dirs_exist_ok=True)


def test_every_video_is_accounted_for_exactly_once_as_if_nothing_had_happened(
    played: tuple[Found, Found, Output],
) -> None:
    quiet, killed, output = played
    assert quiet.problems == []
    assert killed.problems == []
    assert len(output.listed) == VIDEOS
    assert [each.result for each in output.told] == [Result.SUCCEEDED] * VIDEOS
    assert all(each.segments and each.passages for each in output.made)
