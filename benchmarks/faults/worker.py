"""`python -m benchmarks.faults.worker`: the worker's commands with its real output, but no media and no models.

What a video says follows from its id alone. List, transcripts, checkpoints, vectors, manifests, outcomes, count, exit
codes, metrics and readiness are the worker's own code; only what lies between source and transcript is played.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from io import TextIOWrapper
from pathlib import Path
from threading import Event, Thread

import numpy as np

from benchmarks.faults.pages import serve
from benchmarks.faults.plan import PAUSE_SECONDS, PAUSED, UNAVAILABLE_EVERY, Plan, Point
from ingestion_contract import pod
from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.metrics import OomKind, Result, Stage, WorkerState
from ingestion_contract.pod import Step
from ingestion_contract.records import Checkpoint, Segment, StoredFile, Video
from ingestion_contract.spec import IngestionRun
from ingestion_contract.summary import DiscoverSummary
from ingestion_worker import credentials
from ingestion_worker.conclusion import Conclusion
from ingestion_worker.device.interface import DeviceMemory
from ingestion_worker.device.none import NoDevice
from ingestion_worker.memory.limits_file import LimitsFile
from ingestion_worker.output import transcripts, vectors, video_list
from ingestion_worker.output.keys import transcript_key, video_key
from ingestion_worker.output.outcomes import Outcomes, Task
from ingestion_worker.output.store import Store
from ingestion_worker.output.transcript import AsrModel, Transcript, TranscriptSource
from ingestion_worker.output.vectors import EmbedModel, VectorSet
from ingestion_worker.steps import run_record
from ingestion_worker.steps.ending import Ending
from ingestion_worker.steps.finish import finish
from ingestion_worker.steps.run_file import read_run
from ingestion_worker.telemetry.logs import set_up_logs
from ingestion_worker.telemetry.metrics import Metrics
from ingestion_worker.text.chunking import Chunk

_GIB = 2**30
_DEVICE_BYTES = 24 * _GIB
_FLOOR_BYTES = 9 * _GIB
_SECTION_SECONDS = 600.0
_SEGMENTS = 6
_POLL_SECONDS = 0.05
_HALF = "half-"
_FILES = {
    Point.LIST: "_runs/*/videos.jsonl",
    Point.CUT: "_runs/*/shards.json",
    Point.TRANSCRIPT: "transcripts/*/transcript.jsonl",
    Point.TRANSCRIPT_MANIFEST: "transcripts/*/manifest.json",
    Point.CHECKPOINT: "transcripts/*/checkpoints/*",
    Point.VECTORS: "videos/*/chunks.parquet",
    Point.MANIFEST: "videos/*/manifest.json",
    Point.OUTCOME: "_runs/*/outcomes/*",
    Point.COUNT: "_runs/*/result.json",
}


class PausingStore(Store):
    """An output in which the first worker of the run that comes to the plan's point pauses."""

    def __init__(self, uri: str, point: Point) -> None:
        super().__init__(uri)
        self._half = point.startswith(_HALF)
        self._pattern = _FILES.get(Point(point.removeprefix(_HALF)), "")

    def write(self, path: str, content: bytes) -> StoredFile:
        """Write a file; at the point, only once somebody had the time to kill this process."""
        if fnmatchcase(path, self._pattern) and self.read(PAUSED) is None:
            if self._half:
                super().write(path, content[: len(content) // 2])
            where = {"shard": int(os.environ.get(pod.COMPLETION_INDEX, 0)), "path": path}
            super().write(PAUSED, json.dumps(where).encode())
            time.sleep(PAUSE_SECONDS)
        return super().write(path, content)


class SharedDevice(NoDevice):
    """A device as large as the incident's, of which a worker holds its floor while it works."""

    uuid = "GPU-stand-in"
    holds = False

    def memory(self) -> DeviceMemory | None:
        """Return what this worker holds; of the others it knows nothing."""
        own = _FLOOR_BYTES if self.holds else 0
        return DeviceMemory(total=_DEVICE_BYTES, used=own, own=own)


class Worker:
    """One attempt at one shard."""

    def __init__(self, run: IngestionRun, plan: Plan, store: Store, shard: int) -> None:
        self._run = run
        self._plan = plan
        self._store = store
        self._shard = shard
        self._device = SharedDevice()
        self._lock: TextIOWrapper | None = None
        self.stop = Event()
        self.metrics = Metrics(self._device, self.stop)

    def work(self) -> Conclusion:
        """Do what is still to be done of the shard."""
        listed = video_list.read(self._store, self._run.metadata.uid)
        assert listed is not None
        tasks = [self._task(listed.videos[position]) for position in listed.shards[self._shard]]
        outcomes = Outcomes(self._store, self._run.metadata.uid, self._shard, tasks, self.metrics)
        to_do = outcomes.take_over()
        if not self._take_room():
            return Conclusion(ExitCode.STOPPED, outcomes.summary())
        self._device.holds = True
        self.metrics.floor.set(_FLOOR_BYTES)
        self.metrics.set_state(WorkerState.WORKING)
        for task in to_do:
            if not self._ingest(task, outcomes):
                return Conclusion(ExitCode.STOPPED, outcomes.summary())
        return Conclusion(ExitCode.DONE, outcomes.summary())

    def follow_limits(self) -> None:
        """Report the limits that lie there as applied, for ever."""
        limits = LimitsFile(Path(pod.LIMITS_FILE))
        while True:
            self.metrics.limits_revision.set(limits.current().revision)
            time.sleep(0.2)

    def _task(self, video: Video) -> Task:
        return Task(video, transcript_key(video, self._run.spec), video_key(video, self._run.spec))

    def _take_room(self) -> bool:
        """Wait for room on the device; False when asked to stop meanwhile."""
        slots = Path(self._store.location) / "_faults" / "slots"
        if self._plan.room >= self._plan.shards:
            return True
        slots.mkdir(parents=True, exist_ok=True)
        while not self.stop.is_set():
            for slot in range(self._plan.room):
                handle = (slots / str(slot)).open("w")
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    handle.close()
                    continue
                self._lock = handle
                return True
            if self.metrics.state is not WorkerState.WAITING_FOR_MEMORY:
                self.metrics.count_oom(Stage.EMBED, OomKind.LOAD)
                self.metrics.set_state(WorkerState.WAITING_FOR_MEMORY)
            self.stop.wait(0.2)
        return False

    def _ingest(self, task: Task, outcomes: Outcomes) -> bool:
        """Ingest a video; False when asked to stop meanwhile."""
        number = int(task.video.id.rpartition(":")[2])
        if number % UNAVAILABLE_EVERY == UNAVAILABLE_EVERY - 1:
            outcomes.give_up(task, Result.SKIPPED, "Gone", "there is no such video")
            return True
        transcript = transcripts.load(self._store, task.transcript_key)
        if transcript is None:
            segments = self._hear(task, number)
            if segments is None:
                return False
            transcript = _transcript(segments, self._plan.sections)
            transcripts.save(self._store, task.transcript_key, task.video, transcript)
        manifest = vectors.save(self._store, _vectors(task, transcript))
        self.metrics.count_audio(transcript.audio_seconds)
        outcomes.record(task, Result.SUCCEEDED, audio_seconds=manifest.audio_seconds)
        return True

    def _hear(self, task: Task, number: int) -> list[Segment] | None:
        """Return what is said, section by section from the first that no earlier attempt has heard."""
        key, sections = task.transcript_key, self._plan.sections or 1
        heard = transcripts.load_checkpoints(self._store, key)
        segments = [segment for checkpoint in heard for segment in checkpoint.segments]
        for section in range(len(heard), sections):
            if self.stop.wait(self._plan.seconds / sections):
                return None
            new = list(spoken(number, section))
            segments += new
            if self._plan.sections:
                start = section * _SECTION_SECONDS
                checkpoint = Checkpoint(
                    section=section, start=start, end=start + _SECTION_SECONDS, language="en", segments=new
                )
                self._note_heard(key, section)
                transcripts.save_checkpoint(self._store, key, checkpoint)
        return segments

    def _note_heard(self, key: str, section: int) -> None:
        """Leave a mark for each time that a section is heard: what is heard twice was lost once."""
        self._store.write(f"_faults/heard/{key}-{section}-{os.getpid()}-{time.time_ns()}", b".")


def spoken(number: int, section: int) -> Iterator[Segment]:
    """Yield what is said in a section of a video."""
    for position in range(_SEGMENTS):
        start = section * _SECTION_SECONDS + position * 7.25
        yield Segment(start=start, end=start + 6.5, text=f"video {number}, section {section}, sentence {position}")


def _transcript(segments: list[Segment], sections: int) -> Transcript:
    seconds = sections * _SECTION_SECONDS if sections else 60.0
    model = AsrModel("stand-in", None, "int8")
    return Transcript(TranscriptSource.ASR, "en", tuple(segments), seconds, model)


def _vectors(task: Task, transcript: Transcript) -> VectorSet:
    chunks = [Chunk(each.start, each.end, each.text, len(each.text.split())) for each in transcript.segments]
    rows = [np.random.default_rng(list(chunk.text.encode())).normal(size=16) for chunk in chunks]
    return VectorSet(
        video=task.video,
        key=task.key,
        transcript_key=task.transcript_key,
        transcript=transcript,
        chunks=chunks,
        vectors=np.asarray(rows, np.float32),
        model=EmbedModel("stand-in", None, "float32"),
    )


def _discover(run: IngestionRun, plan: Plan, store: Store) -> Conclusion:
    videos = [
        Video(id=f"stand-in:{number}", url=f"http://stand-in.invalid/{number}", title=f"Video {number}")
        for number in range(plan.total)
    ]
    shards = [range(first, first + plan.videos) for first in range(0, plan.total, plan.videos)]
    run_record.begin(run, store)
    listed = video_list.write_once(store, run.metadata.uid, videos, shards)
    return Conclusion(
        ExitCode.DONE, DiscoverSummary(count=len(listed.videos), shards=len(listed.shards), digest=listed.digest)
    )


def _step(step: Step, run: IngestionRun, store: Store, ending: Ending) -> Callable[[], Conclusion]:
    plan = Plan.parse(run.spec.source.urls[0])
    if step is Step.DISCOVER:
        return lambda: _discover(run, plan, store)
    if step is Step.FINISH:
        return lambda: finish(run, store)
    worker = Worker(run, plan, store, int(os.environ[pod.COMPLETION_INDEX]))
    ending.stop_in_time_on_sigterm(worker.stop)
    serve(worker.metrics, os.environ[pod.POD_IP], plan.page)
    Thread(target=worker.follow_limits, daemon=True).start()
    return worker.work


def main() -> None:
    """Do the step that the arguments name, as the operator calls it: `ingest STEP --output URL`."""
    credentials.take(os.environ)
    set_up_logs(verbose=False)
    step, output = Step(sys.argv[1]), sys.argv[3]
    ending = Ending(Path(pod.TERMINATION_MESSAGE_FILE))
    if step is not Step.WORK:
        ending.stop_at_once_on_sigterm()
    run = read_run(Path(pod.RUN_FILE))
    store = PausingStore(output, Plan.parse(run.spec.source.urls[0]).point)
    ending.conclude(lambda: _step(step, run, store, ending)())


if __name__ == "__main__":
    main()
