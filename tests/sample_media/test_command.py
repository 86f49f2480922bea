"""`python -m dev.sample_media serve` as other programs start it."""

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

pytestmark = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_listens_and_ends_cleanly_when_asked(stop: signal.Signals, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    command = [
        sys.executable,
        "-m",
        "dev.sample_media",
        "serve",
        "--videos",
        "2",
        "--port",
        "0",
        "--ready-file",
        str(ready),
    ]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2]) as process:
        try:
            deadline = time.monotonic() + 60
            while not ready.exists():
                assert process.poll() is None, "the server ended before it was ready"
                assert time.monotonic() < deadline, "the server was not ready within a minute"
                time.sleep(0.05)
            with urlopen(ready.read_text().strip(), timeout=5) as answer:
                assert answer.read().count(b"<item>") == 2
            process.send_signal(stop)
            assert process.wait(timeout=10) == 0
        finally:
            process.kill()
