"""The whole of a local run: list, work, count and index, report."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ingestion_contract import layout
from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.spec import IngestionRun
from ingestion_contract.summary import FinishSummary
from ingestion_worker.device import Device, detect
from ingestion_worker.local.display import Display
from ingestion_worker.local.identity import with_uid
from ingestion_worker.local.interrupt import Interrupt
from ingestion_worker.local.progress import Meter
from ingestion_worker.local.request import Request
from ingestion_worker.local.supervisor import Supervisor, WorkEnd
from ingestion_worker.local.tally import Tally, recorded
from ingestion_worker.output import video_list
from ingestion_worker.output.store import Store
from ingestion_worker.output.video_list import VideoList
from ingestion_worker.source.addresses import AddressRules
from ingestion_worker.steps.discover import discover
from ingestion_worker.steps.finish import finish
from ingestion_worker.text.words import counted


@dataclass(frozen=True)
class Here:
    """How this machine is used.

    Attributes:
        workers: at a time, at the most.
        rules: which addresses may be asked.
        cookies: a cookies.txt, or None.
        verbose: let the workers log details, too.
    """

    workers: int
    rules: AddressRules
    cookies: Path | None
    verbose: bool


@dataclass(frozen=True)
class RunEnd:
    """How a local run ended.

    Attributes:
        counts: of a run that was finished, else None.
        report: where the report is, below the output's root; empty where there is none.
        work: how the work ended.
    """

    run: IngestionRun
    counts: FinishSummary | None
    report: str
    work: WorkEnd


class LocalRun:
    """A run on this machine."""

    def __init__(self, request: Request, here: Here, interrupt: Interrupt) -> None:
        self.store = Store(request.output)
        self.run = request.run
        self._here = here
        self._interrupt = interrupt

    def complete(self, display: Display) -> RunEnd:
        """Take all steps that are still to be taken.

        Raises:
            Interrupted: a signal asked for an end; what is finished is committed.
            StepError: a step cannot do its work.
        """
        display.step("listing the videos")
        self.run = self._interrupt.run(lambda: with_uid(self.run, self.store))
        listed = self._interrupt.run(self._list)
        end = self._work(listed, display)
        if end.code != ExitCode.DONE:
            return RunEnd(self.run, None, "", end)
        display.step("counting, writing the report, and bringing the index up to date")
        counts = self._interrupt.run(lambda: finish(self.run, self.store).summary)
        assert isinstance(counts, FinishSummary)
        return RunEnd(self.run, counts, self._interrupt.run(self._report), end)

    def tally(self) -> tuple[Tally, int]:
        """Return what is recorded, and of how many videos, also after a signal has interrupted the run.

        Raises:
            Interrupted: another signal came.
            OutputUnavailable: the storage refuses.
        """
        self._interrupt.heed()
        return self._interrupt.run(self._tally)

    def _tally(self) -> tuple[Tally, int]:
        if not self.run.metadata.uid:
            return Tally(), 0
        listed = video_list.read(self.store, self.run.metadata.uid)
        return (recorded(self.run, self.store, listed.videos), len(listed.videos)) if listed else (Tally(), 0)

    def _report(self) -> str:
        path = layout.report(self.run.metadata.uid)
        return path if self.store.list(path) else ""

    def _list(self) -> VideoList:
        discover(self.run, self.store, self._here.cookies, self._here.rules, self._here.workers)
        listed = video_list.read(self.store, self.run.metadata.uid)
        assert listed is not None
        return listed

    def _work(self, listed: VideoList, display: Display) -> WorkEnd:
        device = detect()
        there = self._interrupt.run(lambda: recorded(self.run, self.store, listed.videos))
        if there.done == len(listed.videos):
            return WorkEnd(ExitCode.DONE)
        workers = min(self._here.workers, len(listed.shards))
        display.event(
            f"{counted(len(listed.videos), 'video')}, {there.done} done before; at most {counted(workers, 'worker')} "
            f"on {device.name}{' (simulated)' if device.simulated else ''}"
        )
        with tempfile.TemporaryDirectory(prefix="ingest-run-") as folder:
            run_file = Path(folder) / "run.json"
            run_file.write_text(json.dumps({"metadata": self.run.metadata.to_wire(), "spec": self.run.spec.to_wire()}))
            supervisor = Supervisor(
                self.run,
                self.store,
                listed,
                self._arguments(run_file, device, workers),
                workers,
                device,
                self._meter(listed, device, there),
                display,
                self._interrupt,
                Path(folder),
            )
            return supervisor.work()

    def _arguments(self, run_file: Path, device: Device, workers: int) -> Sequence[str]:
        rules = self._here.rules
        arguments = ["--run", str(run_file), "--output", self.store.uri]
        arguments += [part for network in rules.networks for part in ("--allow-network", str(network))]
        arguments += [part for folder in rules.folders for part in ("--allow-folder", str(folder))]
        if device.memory() is None:
            arguments += ["--cpu-threads", str(max(1, len(os.sched_getaffinity(0)) // workers))]
        return [*arguments, "--verbose"] if self._here.verbose else arguments

    def _meter(self, listed: VideoList, device: Device, there: Tally) -> Meter:
        durations = [video.duration_seconds for video in listed.videos]
        known = [seconds for seconds in durations if seconds is not None]
        return Meter(
            name=self.run.metadata.name,
            device=device.name,
            simulated=device.simulated,
            target_percent=self.run.spec.memory.target_percent,
            total=len(listed.videos),
            audio_total=sum(known) if len(known) == len(durations) and there.done == 0 else None,
            began=time.monotonic(),
            at_start=there,
        )
