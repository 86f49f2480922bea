"""Finds where someone speaks."""

from __future__ import annotations

from ingestion_worker.media.audio import SAMPLE_RATE, Samples
from ingestion_worker.media.windows import WINDOW_SECONDS, Span

MIN_SILENCE_MILLISECONDS = 160
"""As faster-whisper's batched pipeline cuts."""


def voiced_spans(samples: Samples) -> list[Span]:
    """Return where someone speaks, by the Silero model that faster-whisper brings; no span is longer than a window."""
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    options = VadOptions(max_speech_duration_s=WINDOW_SECONDS, min_silence_duration_ms=MIN_SILENCE_MILLISECONDS)
    found = get_speech_timestamps(samples, options, sampling_rate=SAMPLE_RATE)
    return [Span(piece["start"] / SAMPLE_RATE, piece["end"] / SAMPLE_RATE) for piece in found]
