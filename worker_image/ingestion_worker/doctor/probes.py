"""Looks at this machine. Each probe gives facts, or an error as one sentence."""

from __future__ import annotations

import io
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
import wave
from datetime import date
from pathlib import Path
from urllib.request import Request, urlopen

import fsspec
import numpy as np

from ingestion_worker.conclusion import StepError
from ingestion_worker.device import Device
from ingestion_worker.doctor.facts import DeviceFacts, EngineFacts, HubFacts, RuntimeFacts
from ingestion_worker.media import audio
from ingestion_worker.media.audio import SAMPLE_RATE
from ingestion_worker.media.errors import MediaError
from ingestion_worker.output.store import Store
from ingestion_worker.source.addresses import AddressRules
from ingestion_worker.text.words import one_line

ENGINE_SECONDS = 180.0
HUB_SECONDS = 5.0
CLIP_SECONDS = 2
YTDLP_DEFAULT_RUNTIMES = ("deno",)


def device_facts(device: Device) -> DeviceFacts:
    """Return what the device tells of itself."""
    memory = device.memory()
    total, used = (memory.total, memory.used) if memory is not None else (0, 0)
    return DeviceFacts(device.name, device.simulated, total, used, _driver() if device.compute == "cuda" else "")


def engine(name: str) -> EngineFacts | str:
    """Let `torch` or `ctranslate2` compute once, in a process of its own."""
    command = [sys.executable, "-m", "ingestion_worker.doctor.engines", name]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=ENGINE_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"nothing came of it within {ENGINE_SECONDS:.0f} s"
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        return one_line(lines[-1])
    return EngineFacts(**json.loads(done.stdout.splitlines()[-1]))


def decoded_samples() -> int | str:
    """Decode a clip of two seconds, and return how many samples come out; `CLIP_SECONDS * SAMPLE_RATE` are right."""
    times = np.arange(CLIP_SECONDS * SAMPLE_RATE) / SAMPLE_RATE
    tone = (np.sin(2 * math.pi * 440 * times) * 10_000).astype("<i2").tobytes()
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", "NONE"))
        file.writeframes(tone)
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.wav"
        clip.write_bytes(content.getvalue())
        try:
            return sum(len(piece) for piece in audio.stream(clip))
        except MediaError as error:
            return str(error)


def voice_error() -> str | None:
    """Look for voice in silence, and return why that does not work."""
    from ingestion_worker.media.voice import voiced_spans

    try:
        found = voiced_spans(np.zeros(SAMPLE_RATE, np.float32))
    except (OSError, RuntimeError, ValueError) as error:
        return one_line(str(error))
    return "it hears a voice in silence" if found else None


def runtimes() -> list[RuntimeFacts]:
    """Return the JavaScript runtimes that yt-dlp finds."""
    from yt_dlp.globals import supported_js_runtimes

    found = [kind().info for kind in supported_js_runtimes.value.values()]
    return [RuntimeFacts(one.name, one.version, one.supported) for one in found if one is not None]


def enabled_runtimes() -> list[str]:
    """Return the names of the runtimes that the worker lets yt-dlp use."""
    from ingestion_worker.source.allowance import FetchLimits
    from ingestion_worker.source.ytdlp import Downloader

    with Downloader(None, AddressRules(), FetchLimits()) as ydl:
        return list(ydl.params.get("js_runtimes") or YTDLP_DEFAULT_RUNTIMES)


def ytdlp_version() -> str:
    """Return yt-dlp's version, its date."""
    from yt_dlp.version import __version__

    return str(__version__)


def scratch() -> tuple[str, int]:
    """Return the folder for downloads, and its free bytes."""
    folder = tempfile.gettempdir()
    return folder, shutil.disk_usage(folder).free


def output_error(uri: str) -> str | None:
    """Write a file, read it, remove it, and return why that does not work."""
    path = f"doctor-{uuid.uuid4().hex}"
    try:
        store = Store(uri)
        store.write(path, b"doctor")
        if store.read(path) != b"doctor":
            return f"the output {uri} does not give back what was written"
        fs, root = fsspec.core.url_to_fs(uri)
        fs.rm_file(f"{root.rstrip('/')}/{path}")
    except StepError as error:
        return str(error)
    except OSError as error:
        return f"the output {uri} keeps the file {path}, which does not go away: {error}"
    return None


def hub() -> HubFacts:
    """Ask the models' hub whether it is there."""
    from huggingface_hub import constants

    try:
        with urlopen(Request(constants.ENDPOINT, method="HEAD"), timeout=HUB_SECONDS):
            error = None
    except OSError as refusal:
        error = one_line(str(refusal))
    return HubFacts(constants.ENDPOINT, constants.HF_HOME, writable(Path(constants.HF_HOME)), error)


def writable(folder: Path) -> bool:
    """Tell whether a folder takes files, or could be made where it is not there."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    return there.is_dir() and os.access(there, os.W_OK)


def listed(url: str, cookies: Path | None, rules: AddressRules) -> int | str:
    """Return how many of at most one video a source lists, or why it does not."""
    from ingestion_worker.source.listing import list_videos

    try:
        return len(list_videos([url], 1, cookies, rules))
    except StepError as error:
        return str(error)


def today() -> date:
    """Return the date here."""
    return date.today()


def _driver() -> str:
    import pynvml

    pynvml.nvmlInit()
    return str(pynvml.nvmlSystemGetDriverVersion())
