"""The arms `frozen` and `adaptive`: the demonstration, its operator's levers frozen or not."""

from __future__ import annotations

from dev.demo.options import Options
from dev.demo.run import Run, ingest
from dev.demo.stage import set_up
from dev.incident.arms import WORKERS, Arm, Say, Setting


def play(arm: Arm, setting: Setting, say: Say) -> Run:
    """Play the demonstration, and return what was seen and what came out.

    Raises:
        ClusterError: a cluster cannot be started here.
        TimeoutError: the run did not end within half an hour.
        ChildDied: a part of the cluster ended by itself.
        OperatorDown: the operator did.
    """
    options = Options(
        videos=setting.videos,
        gpu_gib=setting.gpu_gib,
        workers=WORKERS,
        adapt=arm is Arm.ADAPTIVE,
        keep=False,
        kill_operator=False,
        build=setting.folder / arm,
    )
    with set_up(options, say) as stage:
        return ingest(stage, say)
