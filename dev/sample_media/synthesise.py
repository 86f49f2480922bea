"""Speak the sample's sentences into Ogg/Opus files: once, in parallel, into a cache outside the repository."""

import hashlib
import io
import os
import subprocess
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import av
from rich.progress import track

from dev.demo_model.speech import require_espeak, speak
from dev.sample_media.sentences import SampleVideo

_BIT_RATE = 32_000
_SAMPLE_RATE = 48_000


@dataclass(frozen=True)
class Clip:
    """A video's media file and how long it plays, in seconds."""

    path: Path
    duration_s: float


def synthesise(videos: Sequence[SampleVideo], cache: Path | None = None) -> dict[str, Clip]:
    """Return the clip of each video by its id, making those that are not in the cache yet.

    Raises:
        RuntimeError: espeak-ng is not installed.
    """
    require_espeak()
    folder = (cache or default_cache()) / _recipe_digest()
    folder.mkdir(parents=True, exist_ok=True)
    paths = {video.id: folder / f"{_digest(video)}.opus" for video in videos}
    missing = [video for video in videos if not paths[video.id].exists()]
    if missing:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            made: Iterable[None] = pool.map(partial(_make, paths), missing)
            list(track(made, "Speaking the sample's clips", total=len(missing)))
    return {video_id: Clip(path, _duration_s(path)) for video_id, path in paths.items()}


def default_cache() -> Path:
    """`ingestion-operator/sample-media` in the user's cache folder."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ingestion-operator" / "sample-media"


def _make(paths: dict[str, Path], video: SampleVideo) -> None:
    path = paths[video.id]
    partial_path = path.with_suffix(f".{os.getpid()}")
    partial_path.write_bytes(_opus(speak(video.sentence, video.delivery)))
    partial_path.rename(path)


def _opus(wav: bytes) -> bytes:
    """Encode a WAV file as Opus in Ogg."""
    encoded = io.BytesIO()
    with av.open(io.BytesIO(wav), "r") as source, av.open(encoded, "w", format="ogg") as target:
        stream = target.add_stream("libopus", rate=_SAMPLE_RATE, layout="mono")
        stream.bit_rate = _BIT_RATE
        for frame in source.decode(audio=0):
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    return encoded.getvalue()


def _duration_s(path: Path) -> float:
    with av.open(path) as container:
        if container.duration is None:
            raise ValueError(f"{path} holds no audio of known length: delete it, and it is made anew")
        return container.duration / av.time_base


def _digest(video: SampleVideo) -> str:
    return hashlib.sha256(f"{video.sentence}\n{video.delivery}".encode()).hexdigest()[:16]


def _recipe_digest() -> str:
    """Another synthesiser or encoding makes other clips."""
    version = subprocess.run(["espeak-ng", "--version"], capture_output=True, check=True).stdout
    return hashlib.sha256(version + f"libopus {_BIT_RATE} {av.__version__}".encode()).hexdigest()[:16]
