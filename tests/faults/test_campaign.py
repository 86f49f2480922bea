"""A short campaign: each fault that is quick, on a real API server, with a seed of its own."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

import pytest

from benchmarks.faults.campaign import Campaign, Planned, deal, possible
from benchmarks.faults.fault import Fault
from benchmarks.faults.plan import Plan
from benchmarks.faults.play import Found
from benchmarks.faults.scene import Scene
from dev.cluster.testing import require_cluster

pytestmark = pytest.mark.long

SEED = 30
QUICK = {
    "operator-killed",
    "two-operators",
    "worker-killed",
    "pod-forced-away",
    "jobs-deleted",
    "api-409",
    "api-500",
    "answers-lost",
    "watches-late",
    "metrics-huge",
    "disk-full",
    "etcd-killed",
}


@dataclass(frozen=True)
class Sabotage(Fault):
    """Somebody removes a video from the output: no operator and no worker can mend that, so the audit must tell."""

    name = "sabotage"
    told = "a video is removed from the output"

    async def inject(self, scene: Scene) -> None:
        whole = sorted((scene.folder / "videos").glob("*/manifest.json"))
        shutil.rmtree(whole[0].parent)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[Found]:
    require_cluster()
    kinds = [kind for kind in possible(print) if kind.name in QUICK]
    planned = deal(kinds, len(kinds), SEED)
    sabotage = Planned(len(planned) + 1, Sabotage(at=0.6), Plan(shards=3, videos=2))
    kept: list[int] = []
    folder = tmp_path_factory.mktemp("faults")
    found = Campaign([sabotage, *planned], 3, folder, print, lambda found: kept.append(len(found))).play()
    assert kept == list(range(1, len(planned) + 2))
    return found


def test_after_each_fault_every_video_is_accounted_for_exactly_once(found: list[Found]) -> None:
    wrong = {each.drawn: each.problems for each in found if each.fault != Sabotage.name and each.problems}
    assert wrong == {}
    assert {each.fault for each in found} >= QUICK - {"disk-full"}


def test_what_is_lost_beyond_help_is_noticed(found: list[Found]) -> None:
    (sabotaged,) = [each for each in found if each.fault == Sabotage.name]
    assert [problem for problem in sabotaged.problems if "no manifest is there" in problem], sabotaged.problems


def test_every_run_recovers_and_ends(found: list[Found]) -> None:
    assert all(each.seconds is not None for each in found)
    assert any(each.recovery_seconds is not None for each in found)
