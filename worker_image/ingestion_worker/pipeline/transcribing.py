"""Hears windows in batches from many videos, and puts the videos together."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from ingestion_contract.metrics import Stage
from ingestion_contract.records import Checkpoint
from ingestion_worker.conclusion import StepError
from ingestion_worker.device.errors import OutOfDeviceMemory
from ingestion_worker.media.sections import SectionEnd, Window
from ingestion_worker.memory.batches import run_in_batches
from ingestion_worker.memory.residency import Residency
from ingestion_worker.models.asr import WindowText
from ingestion_worker.models.loaded import Models
from ingestion_worker.output.outcomes import Task
from ingestion_worker.output.transcript import Transcript, TranscriptSource, rounded
from ingestion_worker.pipeline.assembly import Assembly
from ingestion_worker.pipeline.events import Audio, TaskWindow
from ingestion_worker.pipeline.routing import UNDETERMINED
from ingestion_worker.telemetry.metrics import Metrics

log = logging.getLogger(__name__)

NOTHING_HEARD = WindowText((), ())


class Transcriber:
    """The videos that are being heard.

    Args:
        finished: takes a video's transcript once it is whole.
        section: takes what was heard in each section of a long video but the last.
        failed: takes a video of which a window cannot be heard, and why.
    """

    def __init__(
        self,
        models: Models,
        residency: Residency,
        metrics: Metrics,
        *,
        finished: Callable[[Task, Transcript], None],
        section: Callable[[Task, Checkpoint], None],
        failed: Callable[[Task, str], None],
    ) -> None:
        self._models = models
        self._residency = residency
        self._metrics = metrics
        self._finished = finished
        self._section = section
        self._failed = failed
        self._assemblies: dict[str, Assembly] = {}
        self._broken: dict[str, str] = {}

    def begin(self, audio: Audio) -> None:
        """Expect the windows of a video."""
        self._assemblies[audio.task.key] = Assembly(audio.language or UNDETERMINED, audio.checkpoints)

    def name_language(self, task: Task, language: str) -> None:
        """Hear which language a video is in."""
        self._assemblies[task.key].language = language

    def drop(self, task: Task) -> None:
        """Forget a video; windows of it that still come are passed over."""
        self._assemblies.pop(task.key, None)

    def end_section(self, task: Task, end: SectionEnd) -> None:
        """Hear how many windows a section has."""
        assembly = self._assemblies.get(task.key)
        if assembly is not None:
            assembly.end_section(end)
            self._advance(task, assembly)

    def language(self, task: Task, window: Window) -> str | None:
        """Return the language of a video by its first window; None if that cannot be heard, and the video is dropped.

        Raises:
            see `Residency.ensure`.
        """
        self._residency.ensure(Stage.ASR)
        try:
            found = run_in_batches([window], self._models.detect_language, self._residency.pilot(Stage.ASR))
        except StepError:
            raise
        except Exception as error:
            log.debug("where the language is not heard", exc_info=error)
            self.drop(task)
            self._failed(task, f"its language cannot be heard: {error}")
            return None
        return found[0][0]

    def hear(self, windows: Sequence[TaskWindow]) -> None:
        """Transcribe windows, all in one language.

        Raises:
            see `Residency.ensure`.
        """
        wanted = [window for window in windows if window.task.key in self._assemblies]
        if not wanted:
            return
        self._residency.ensure(Stage.ASR)
        heard = run_in_batches(wanted, self._transcribe, self._residency.pilot(Stage.ASR))
        for window, text in zip(wanted, heard, strict=True):
            self._take(window, text)

    def _take(self, window: TaskWindow, text: WindowText) -> None:
        assembly = self._assemblies.get(window.task.key)
        if assembly is None:
            return
        if window.task.key in self._broken:
            self.drop(window.task)
            self._failed(window.task, self._broken.pop(window.task.key))
            return
        assembly.add(window.section, window.number, text.segments)
        self._advance(window.task, assembly)

    def _transcribe(self, windows: Sequence[TaskWindow]) -> list[WindowText]:
        """Transcribe a batch; where it fails for no reason of the device's, each window by itself.

        One window that no model can take must not cost the others their transcripts.
        """
        try:
            with self._metrics.time(Stage.ASR):
                return self._models.transcribe([window.window for window in windows], windows[0].language)
        except (OutOfDeviceMemory, StepError):
            raise
        except Exception as error:
            if len(windows) > 1:
                return [text for window in windows for text in self._transcribe([window])]
            log.warning("video id=%s a window at %.0f s fails", windows[0].task.video.id, windows[0].window.start)
            log.debug("where it fails", exc_info=error)
            self._broken[windows[0].task.key] = f"at {windows[0].window.start:.0f} s: {error}"
            return [NOTHING_HEARD]

    def _advance(self, task: Task, assembly: Assembly) -> None:
        before = assembly.heard_seconds
        for checkpoint in assembly.take_checkpoints():
            self._section(task, checkpoint)
        if assembly.heard_seconds > before:
            self._metrics.count_audio(assembly.heard_seconds - before)
        if assembly.audio_seconds is not None:
            del self._assemblies[task.key]
            self._finished(task, self._transcript(assembly, assembly.audio_seconds))

    def _transcript(self, assembly: Assembly, audio_seconds: float) -> Transcript:
        return Transcript(
            source=TranscriptSource.ASR,
            language=assembly.language,
            segments=rounded(assembly.segments),
            audio_seconds=audio_seconds,
            asr=self._models.asr_model,
        )
