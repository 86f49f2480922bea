"""Decodes audio, a piece at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import av
import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray

from ingestion_worker.media.errors import MediaError
from ingestion_worker.media.length import MOST_HOURS, MOST_SECONDS

SAMPLE_RATE = 16_000

Samples = NDArray[np.float32]

FORMATS = (
    "aac", "ac3", "aiff", "amr", "asf", "au", "avi", "caf", "eac3", "flac", "flv", "matroska", "mov", "mp3", "mpeg",
    "mpegts", "ogg", "w64", "wav", "webm",
)  # fmt: skip
"""Containers that hold their media themselves. Playlists do not: they would let a stranger's file name others here."""

SOURCE_RATES = range(2_000, 768_001)
"""Samples a second that audio has; of fewer, each would become thousands here."""

PIECE_SAMPLES = 30 * SAMPLE_RATE
GROUP_SAMPLES = 10 * 48_000


def stream(path: Path) -> Iterator[Samples]:
    """Yield a file's first audio stream in pieces of about 30 s: mono samples from -1 to 1, 16,000 a second.

    Raises:
        MediaError: the file is broken (`Corrupt`), holds no audio (`NoAudio`), or hundreds of hours of it (`TooLong`).
        MemoryError: the host's memory does not suffice, which says nothing of the file.
    """
    length = 0
    try:
        for piece in _pieces(path):
            length += len(piece)
            if length > MOST_SECONDS * SAMPLE_RATE:
                raise MediaError("TooLong", f"it has more than {MOST_HOURS} hours of audio")
            yield piece
    except FFmpegError as error:
        if isinstance(error, MemoryError):
            raise
        raise MediaError("Corrupt", f"the media cannot be decoded: {error.strerror}") from error
    if not length:
        raise MediaError("NoAudio", "the audio stream is empty")


def _pieces(path: Path) -> Iterator[Samples]:
    with av.open(str(path), options={"format_whitelist": ",".join(FORMATS), "protocol_whitelist": "file"}) as container:
        if not container.streams.audio:
            raise MediaError("NoAudio", "the file has no audio stream")
        waiting: list[NDArray[np.int16]] = []
        length = 0
        for samples in _resampled(container):
            waiting.append(samples)
            length += len(samples)
            if length >= PIECE_SAMPLES:
                yield _joined(waiting)
                waiting, length = [], 0
        if length:
            yield _joined(waiting)


def _resampled(container: av.container.InputContainer) -> Iterator[NDArray[np.int16]]:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    for frame in _grouped(container.decode(audio=0)):
        for out in resampler.resample(frame):
            yield _samples(out)
    for out in resampler.resample(None):
        yield _samples(out)


def _grouped(frames: Iterable[av.AudioFrame]) -> Iterator[av.AudioFrame]:
    """Yield the samples of frames, which have 20 ms or so, in frames of seconds: each costs as much as it holds."""
    fifo = av.AudioFifo()
    for frame in frames:
        if frame.sample_rate not in SOURCE_RATES:
            raise MediaError("Corrupt", f"it claims {frame.sample_rate} samples of audio a second, which none has")
        # What is written must follow on in time, and where a stream has gaps it does not.
        frame.pts = None
        fifo.write(frame)
        if fifo.samples >= GROUP_SAMPLES:
            yield _whole(fifo)
    if fifo.samples:
        yield _whole(fifo)


def _whole(fifo: av.AudioFifo) -> av.AudioFrame:
    frame = fifo.read()
    assert frame is not None
    return frame


def _samples(frame: av.AudioFrame) -> NDArray[np.int16]:
    return np.asarray(frame.to_ndarray(), np.int16).reshape(-1)


def _joined(pieces: list[NDArray[np.int16]]) -> Samples:
    return np.concatenate(pieces).astype(np.float32) / 32768.0
