"""Makes a video ready for the device: captions as a transcript, or windows of audio."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import local

from ingestion_contract.metrics import Stage
from ingestion_worker.media import audio, windows
from ingestion_worker.models.asr import Window
from ingestion_worker.output.outcomes import Task
from ingestion_worker.output.transcript import Transcript, TranscriptSource
from ingestion_worker.source.fetch import FetchedCaptions, Fetcher
from ingestion_worker.telemetry.metrics import Metrics


@dataclass(frozen=True)
class Prepared:
    """A video that is ready: with a transcript from captions, or with windows of audio to transcribe."""

    task: Task
    audio_seconds: float
    captions: Transcript | None = None
    windows: tuple[Window, ...] = ()


class Preparer:
    """Fetches and decodes videos; may be called from several threads."""

    def __init__(self, make_fetcher: Callable[[], Fetcher], metrics: Metrics) -> None:
        self._make_fetcher = make_fetcher
        self._metrics = metrics
        self._local = local()

    def __call__(self, task: Task) -> Prepared:
        """Return a video, ready for the device.

        Raises:
            MediaError, yt_dlp.utils.YoutubeDLError, OSError: see `source.failures.classify`.
        """
        if not hasattr(self._local, "fetcher"):
            self._local.fetcher = self._make_fetcher()
        with self._metrics.time(Stage.FETCH):
            fetched = self._local.fetcher.fetch(task.video)
        if isinstance(fetched, FetchedCaptions):
            return _from_captions(task, fetched)
        try:
            with self._metrics.time(Stage.DECODE):
                samples = audio.decode(fetched.path)
                spans = windows.pack(audio.voiced_spans(samples))
        finally:
            fetched.path.unlink(missing_ok=True)
        return Prepared(task, len(samples) / audio.SAMPLE_RATE, windows=tuple(_cut(samples, span) for span in spans))


def _cut(samples: audio.Samples, span: windows.Span) -> Window:
    """Return a part of the audio as a copy, so that the whole can be freed."""
    rate = audio.SAMPLE_RATE
    return Window(samples[round(span.start * rate) : round(span.end * rate)].copy(), span.start)


def _from_captions(task: Task, fetched: FetchedCaptions) -> Prepared:
    last = fetched.segments[-1].end
    seconds = fetched.duration_seconds or task.video.duration_seconds or last
    transcript = Transcript(TranscriptSource.CAPTIONS, fetched.language, tuple(fetched.segments), seconds)
    return Prepared(task, seconds, captions=transcript)
