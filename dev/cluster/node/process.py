"""A container's main process in its sandbox."""

import asyncio
import json
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_SETUP_POLL_SECONDS = 0.003


class StartFailed(Exception):
    """The process could not be started; the message says why."""


class SandboxProcess:
    """A running bubblewrap and, inside it, the container's main process as PID 1 of its own PID namespace."""

    def __init__(self, bwrap: asyncio.subprocess.Process, pid: int, status: asyncio.StreamReader, log: Path) -> None:
        self._bwrap = bwrap
        self._status = status
        self._log = log
        self.pid = pid

    async def wait(self) -> int:
        """Wait until the whole process tree is gone; return the exit code, 128 + n for a death by signal n.

        Raises StartFailed when the sandbox could not be set up, so that the command never ran.
        """
        code = await self._bwrap.wait()
        if b"exit-code" not in await self._status.read() and code != 128 + signal.SIGKILL:
            raise StartFailed(_said(self._log))
        return code

    def terminate(self) -> None:
        """Send SIGTERM to the main process."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """Kill the main process, and thereby the whole tree."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        # While bubblewrap has not been waited for, the main process's id cannot belong to anyone else.
        if self._bwrap.returncode is None:
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return


async def start_process(
    command: Callable[[int], Sequence[str]], environment: Mapping[str, str], log: Path, append: bool
) -> SandboxProcess:
    """Start a sandbox whose output goes to `log`.

    command: builds the command line, given the file descriptor on which bubblewrap reports. Raises StartFailed.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    reading, writing = os.pipe()
    status = await _reader(reading)
    try:
        with log.open("ab" if append else "wb") as output:
            bwrap = await asyncio.create_subprocess_exec(
                *command(writing),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment,
                pass_fds=[writing],
                start_new_session=True,
            )
    finally:
        os.close(writing)
    try:
        started = await status.readline()
        if not started:
            await bwrap.wait()
            raise StartFailed(_said(log))
        pid = json.loads(started)["child-pid"]
        await _replaced_bubblewrap(pid, bwrap.pid)
    except asyncio.CancelledError:
        bwrap.kill()
        await bwrap.wait()
        raise
    return SandboxProcess(bwrap, pid, status, log)


async def _replaced_bubblewrap(pid: int, bubblewrap: int) -> None:
    """Wait until the sandbox is complete and its process runs the command, so that probes see what the command sees."""
    while _same_executable(pid, bubblewrap):  # noqa: ASYNC110 - exec sends no event
        await asyncio.sleep(_SETUP_POLL_SECONDS)


def _same_executable(one: int, other: int) -> bool:
    try:
        return Path(f"/proc/{one}/exe").readlink() == Path(f"/proc/{other}/exe").readlink()
    except FileNotFoundError:
        return False
    except PermissionError:
        return True  # Bubblewrap hides itself from an ordinary user while it sets up the sandbox.


async def _reader(descriptor: int) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb")
    )
    return reader


def _said(log: Path) -> str:
    return log.read_text(errors="replace").strip()[-1000:]
