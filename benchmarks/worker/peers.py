"""The peers' environments, each outside the repository: their pins clash with the product's, and with each other's."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

from benchmarks.worker import cache
from benchmarks.worker.systems import SYSTEMS

WHISPER_CTRANSLATE2 = ("whisper-ctranslate2==0.5.8", "sounddevice")
WHISPER_S2T = (
    "whisper-s2t==1.3.1", "accelerate", "optimum", "platformdirs", "tiktoken", "more-itertools", "numba", "llvmlite",
    "openai-whisper",
)  # fmt: skip
WHISPERX = ("whisperx==3.8.6",)


def root() -> Path:
    """Return the folder of the environments."""
    return cache() / "peers"


def python(system: str) -> Path | None:
    """Return the Python that runs a system, None where its environment has not been made."""
    environment = SYSTEMS[system].environment
    if environment is None:
        return Path(sys.executable)
    found = root() / environment / "bin" / "python"
    return found if (root() / environment / ".installed").exists() else None


def install(say: Callable[[str], None]) -> None:
    """Make the environments that are not there yet.

    Two of the peers run with the product's own torch, CTranslate2 and faster-whisper, whatever their pins say.
    WhisperX brings a whole torch of its own.

    Raises:
        subprocess.CalledProcessError: pip has said why.
    """
    _install("whisper-ctranslate2", WHISPER_CTRANSLATE2, say, shared=True)
    _install("whisper-s2t", WHISPER_S2T, say, shared=True)
    _install("whisperx", WHISPERX, say, shared=False)


def _install(name: str, packages: tuple[str, ...], say: Callable[[str], None], *, shared: bool) -> None:
    folder = root() / name
    if (folder / ".installed").exists():
        say(f"{name} is there")
        return
    say(f"installing {', '.join(packages)} ...")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if shared:
        site = folder / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
        (site / "product.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
        subprocess.run([*pip, "--no-deps", "setuptools", "wheel"], check=True)
        pip += ["--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, *packages], check=True)
    (folder / ".installed").touch()
