"""Decodes audio, and finds where someone speaks."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray

from ingestion_worker.media.windows import WINDOW_SECONDS, Span
from ingestion_worker.source.failures import MediaError

SAMPLE_RATE = 16_000

Samples = NDArray[np.float32]

MIN_SILENCE_MILLISECONDS = 160
"""As faster-whisper's batched pipeline cuts."""


def decode(path: Path) -> Samples:
    """Return a file's first audio stream as mono samples from -1 to 1, 16,000 a second.

    Raises:
        MediaError: the file is broken (`Corrupt`), or holds no audio (`NoAudio`).
        MemoryError: the host's memory does not suffice, which says nothing of the file.
    """
    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                raise MediaError("NoAudio", "the file has no audio stream")
            resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
            frames = [out for frame in container.decode(audio=0) for out in resampler.resample(frame)]
            frames += resampler.resample(None)
    except FFmpegError as error:
        if isinstance(error, MemoryError):
            raise
        raise MediaError("Corrupt", f"the media cannot be decoded: {error}") from error
    if not frames:
        raise MediaError("NoAudio", "the audio stream is empty")
    pieces = [frame.to_ndarray().reshape(-1) for frame in frames]
    return np.concatenate(pieces).astype(np.float32) / 32768.0


def voiced_spans(samples: Samples) -> list[Span]:
    """Return where someone speaks, by the Silero model that faster-whisper brings; no span is longer than a window."""
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    options = VadOptions(max_speech_duration_s=WINDOW_SECONDS, min_silence_duration_ms=MIN_SILENCE_MILLISECONDS)
    found = get_speech_timestamps(samples, options, sampling_rate=SAMPLE_RATE)
    return [Span(piece["start"] / SAMPLE_RATE, piece["end"] / SAMPLE_RATE) for piece in found]
