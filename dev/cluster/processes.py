"""Child processes that never outlive their parent, with their output in files."""

import random
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

_PORTS = range(20000, 30000)  # below the range from which Linux picks the ports of outgoing connections


class ChildDied(RuntimeError):
    """A child process ended by itself; the message has the end of its log."""


class Child:
    """A process in its own session that the kernel kills when this process dies, even by SIGKILL."""

    def __init__(self, name: str, command: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self.name = name
        self._log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=env,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    def check(self) -> None:
        """Raise ChildDied when the process has ended."""
        code = self._process.poll()
        if code is not None:
            raise ChildDied(f"{self.name} ended with {_describe(code)}; the end of {self._log}:\n{tail(self._log)}")

    def kill(self) -> None:
        """Kill the process at once, and wait until it is gone."""
        self._process.kill()
        self._process.wait()

    def stop(self, grace_seconds: float) -> None:
        """Ask the process to end, kill it when it has not within the grace period, and wait until it is gone."""
        self._process.terminate()
        try:
            self._process.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            self.kill()


def free_port() -> int:
    """Return a loopback port on which nobody listens now."""
    while True:
        port = random.choice(_PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def tail(path: Path, lines: int = 15) -> str:
    """Return the last lines of a log file, nothing if there is none."""
    if not path.exists():
        return ""
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])


def _describe(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
