"""Media that tests make themselves: long ones that are small, and ones in which something is missing."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

SAMPLE_RATE = 16_000
_PIECE_SECONDS = 600


def silence(path: Path, seconds: int) -> Path:
    """Write FLAC with so much digital silence, and return its path: ten hours are 140 KB, made in about 10 s."""
    with av.open(str(path), "w", format="flac") as container:
        stream = container.add_stream("flac", rate=SAMPLE_RATE, options={"frame_size": "65535"})
        stream.layout = "mono"
        for start in range(0, seconds, _PIECE_SECONDS):
            samples = np.zeros((1, min(_PIECE_SECONDS, seconds - start) * SAMPLE_RATE), np.int16)
            frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
            frame.sample_rate = SAMPLE_RATE
            frame.pts = start * SAMPLE_RATE
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def video_without_audio(path: Path) -> Path:
    """Write a black second of Matroska video without a sound track, and return its path."""
    with av.open(str(path), "w", format="matroska") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for number in range(10):
            frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            frame.pts = number
            frame.time_base = Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
