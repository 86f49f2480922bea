"""A run that went while no watch told, as while the API server was restarted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from ingestion_operator.clock import system_clock
from ingestion_operator.controller import Controller
from ingestion_operator.desired.pod_template import WorkerSettings
from ingestion_operator.kube import Kube
from ingestion_operator.observe.pods import Pod
from ingestion_operator.observe.worker_sample import WorkerSample
from ingestion_operator.reconciler import Settings
from tests.operator.cluster.kit import Runs, eventually

pytestmark = pytest.mark.long


class NoWorkers:
    async def scrape(self, pods: Iterable[Pod]) -> Mapping[str, WorkerSample]:
        return {}


async def test_it_is_forgotten_and_others_are_not_until_they_go_as_well(runs: Runs, operator_kubeconfig: Path) -> None:
    async with await Kube.connect(operator_kubeconfig) as kube:
        controller = Controller(kube, NoWorkers(), Settings(WorkerSettings("worker")), system_clock)

        def known() -> set[str]:
            return {seen.run.name for seen in controller.seen_runs()}

        for name in ("gone", "there"):
            controller.see_run(await runs.apply(name, spec={"suspend": True}))
        await controller.forget_vanished()
        assert known() == {"gone", "there"}

        async def known_are(names: set[str]) -> bool:
            await controller.forget_vanished()
            return known() == names

        await runs.delete("gone")
        await eventually("the run that went is forgotten", lambda: known_are({"there"}))
        await runs.delete("there")
        await eventually("the last run is forgotten, too", lambda: known_are(set()))
        await controller.stop()
