"""From what a probe found to ok, or what to do. Pure: one function a check."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from ingestion_worker.device.interface import ComputeDevice
from ingestion_worker.doctor.facts import DeviceFacts, EngineFacts, HubFacts, RuntimeFacts
from ingestion_worker.doctor.finding import Finding, Level

GIB = 2**30

LEAST_MEMORY = 4 * GIB
"""Two models on the CPU, or the libraries of a GPU, beside what feeds them."""
LEAST_SCRATCH, LITTLE_SCRATCH = 1 * GIB, 10 * GIB
"""A few downloads at a time, of up to hours each."""
OLD_DAYS = 60
"""YouTube changes more often than that."""
BUSY_SHARE = 0.2


def gpu(found: DeviceFacts | str) -> Finding:
    """Judge the device; `found` is an error where there is one."""
    if isinstance(found, str):
        return Finding("GPU", Level.PROBLEM, f"{found}; `nvidia-smi` must work first: see to the driver")
    if found.total == 0:
        return Finding(
            "GPU",
            Level.WARNING,
            "none is found: models run on the CPU, many times slower; if there is an NVIDIA card, install its driver, "
            "and where this is a container, give it the card",
        )
    simulated = "simulated, not real: " if found.simulated else ""
    driver = f", driver {found.driver}" if found.driver else ""
    there = f"{simulated}{found.name}, {found.total / GIB:.1f} GiB{driver}"
    if found.used > BUSY_SHARE * found.total:
        return Finding(
            "GPU",
            Level.WARNING,
            f"{there}; others hold {found.used / GIB:.1f} GiB of it, which is not there for a run: end them",
        )
    return Finding("GPU", Level.OK, there)


def torch(found: EngineFacts | str, compute: ComputeDevice) -> Finding:
    """Judge one matrix product in torch."""
    if isinstance(found, str):
        return Finding("torch", Level.PROBLEM, f"it does not load or compute ({found}): install torch anew")
    if compute == "cuda" != found.device:
        return Finding(
            "torch",
            Level.PROBLEM,
            f"torch {found.version} does not see the GPU: install a torch that is built for CUDA, no newer one than "
            "`nvidia-smi` shows",
        )
    return Finding("torch", Level.OK, f"torch {found.version} multiplies on {found.device}")


def speech(found: EngineFacts | str, compute: ComputeDevice) -> Finding:
    """Judge one encode of speech in CTranslate2."""
    if isinstance(found, str):
        more = ""
        if "libcu" in found or "cudnn" in found.lower():
            more = ": install the extra `gpu`, which has them for the CUDA that CTranslate2 is built for, and let "
            more += "LD_LIBRARY_PATH name their lib folders, as the image does"
        return Finding("CTranslate2", Level.PROBLEM, f"a tiny Whisper does not encode ({found}){more}")
    if compute == "cuda" != found.device:
        return Finding(
            "CTranslate2",
            Level.PROBLEM,
            f"CTranslate2 {found.version} does not see the GPU: check that CUDA_VISIBLE_DEVICES names it, and install "
            "ctranslate2 from its package for this platform",
        )
    return Finding("CTranslate2", Level.OK, f"CTranslate2 {found.version} encodes 30 s of audio on {found.device}")


def decoding(samples: int | str, expected: int) -> Finding:
    """Judge the decoding of a clip of so many samples."""
    if isinstance(samples, str):
        return Finding("audio", Level.PROBLEM, f"PyAV does not decode a clip ({samples}): install av anew")
    if abs(samples - expected) > expected // 100:
        return Finding(
            "audio", Level.PROBLEM, f"PyAV gives {samples} samples of {expected}: install the av that is tested"
        )
    return Finding("audio", Level.OK, "PyAV decodes a clip; no ffmpeg program is needed")


def voice(error: str | None) -> Finding:
    """Judge the model that finds voice."""
    if error is not None:
        return Finding(
            "voice activity", Level.PROBLEM, f"faster-whisper's Silero model does not run ({error}): install it anew"
        )
    return Finding("voice activity", Level.OK, "faster-whisper's Silero model runs")


def javascript(runtimes: Sequence[RuntimeFacts], enabled: Sequence[str]) -> Finding:
    """Judge the JavaScript runtimes, of which YouTube needs one.

    Args:
        runtimes: that are installed, whichever.
        enabled: the names of those that the worker lets yt-dlp use.
    """
    useful = [one for one in runtimes if one.name in enabled]
    if good := next((one for one in useful if one.supported), None):
        return Finding("JavaScript", Level.OK, f"{good.name} {good.version}, which yt-dlp needs for YouTube")
    wanted = " or ".join(enabled)
    if useful:
        return Finding(
            "JavaScript",
            Level.WARNING,
            f"{useful[0].name} {useful[0].version} is too old for yt-dlp, which needs it for YouTube: update it",
        )
    return Finding(
        "JavaScript",
        Level.WARNING,
        f"no {wanted} is found, which yt-dlp needs for YouTube; other sites do without: install {wanted}",
    )


def ytdlp(version: str, today: date) -> Finding:
    """Judge the age of yt-dlp, whose version is its date."""
    try:
        released = date(*(int(part) for part in version.split(".")[:3]))
    except (TypeError, ValueError):
        return Finding("yt-dlp", Level.WARNING, f"yt-dlp {version} does not tell its age: install a released one")
    age = (today - released).days
    if age > OLD_DAYS:
        return Finding(
            "yt-dlp",
            Level.WARNING,
            f"yt-dlp {version} is {age} days old, and sites change: update it when downloads fail (pip install -U "
            "'yt-dlp[default]', or a newer image)",
        )
    return Finding("yt-dlp", Level.OK, f"yt-dlp {version}, {max(0, age)} days old")


def memory(available: int) -> Finding:
    """Judge the host memory that is free, in bytes."""
    if available < LEAST_MEMORY:
        return Finding(
            "host memory",
            Level.WARNING,
            f"{available / GIB:.1f} GiB are free, less than {LEAST_MEMORY / GIB:.0f}: end other programs, or "
            "take fewer workers",
        )
    return Finding("host memory", Level.OK, f"{available / GIB:.1f} GiB are free")


def scratch(folder: str, free: int) -> Finding:
    """Judge the disk for downloads, in bytes."""
    there = f"{free / GIB:.1f} GiB are free in {folder}"
    if free < LEAST_SCRATCH:
        return Finding("scratch disk", Level.PROBLEM, f"{there}: make room, or set TMPDIR to a larger disk")
    if free < LITTLE_SCRATCH:
        return Finding(
            "scratch disk", Level.WARNING, f"{there}, which long videos may fill: make room, or set TMPDIR elsewhere"
        )
    return Finding("scratch disk", Level.OK, there)


def output(uri: str, error: str | None) -> Finding:
    """Judge whether the output takes, gives back and removes a file."""
    if error is not None:
        return Finding("output", Level.PROBLEM, error)
    return Finding("output", Level.OK, f"{uri} takes a file, and gives it back")


def hub(found: HubFacts) -> Finding:
    """Judge whether models can be fetched and kept. A full cache does without."""
    if not found.writable:
        return Finding(
            "model hub",
            Level.WARNING,
            f"{found.cache} (HF_HOME) cannot be written: models must be in it, or be named by their folders; in a "
            "container, mount a volume there",
        )
    if found.error is not None:
        return Finding(
            "model hub",
            Level.WARNING,
            f"{found.endpoint} does not answer ({found.error}): models must be in {found.cache} (HF_HOME), or be named "
            "by their folders",
        )
    return Finding("model hub", Level.OK, f"{found.endpoint} answers; models are kept in {found.cache} (HF_HOME)")


def source(url: str, videos: int | str) -> Finding:
    """Judge whether a source lists videos; an error where it does not."""
    if isinstance(videos, str):
        return Finding("source", Level.PROBLEM, videos)
    return Finding("source", Level.OK, f"{url} lists videos" if videos else f"{url} lists no video")
