"""The ledger is shared by processes, and survives them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ingestion_worker.device.simulated import create, physics, usage

HOLDER = """
import sys
from pathlib import Path
from ingestion_contract.metrics import Stage
from ingestion_worker.device.simulated.device import SimulatedGpu
device = SimulatedGpu(Path(sys.argv[1]))
with device.load(Stage.ASR):
    pass
print("loaded", flush=True)
sys.stdin.read()
"""


@contextmanager
def holder(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the speech model until it is killed, or its stdin ends."""
    command = [sys.executable, "-c", HOLDER, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "loaded\n"
            yield process
        finally:
            process.kill()


def test_what_a_killed_process_held_is_free_for_the_next(tmp_path: Path) -> None:
    create(tmp_path, 24 * physics.GIB)
    with holder(tmp_path) as first, holder(tmp_path):
        assert len(usage(tmp_path).processes) == 2
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
        assert len(usage(tmp_path).processes) == 1
        assert usage(tmp_path).used == physics.CONTEXT_BYTES + int(1.4 * physics.GIB)
    assert usage(tmp_path).used == 0
    assert list((tmp_path / "processes").iterdir()) == []


def test_the_command_makes_and_shows_a_gpu_and_says_that_it_is_simulated(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ingestion_worker.device.simulated"]
    folder = str(tmp_path / "gpu")
    uuid = subprocess.run([*command, "create", folder, "--gib", "24"], text=True, check=True, capture_output=True)
    assert uuid.stdout.startswith("GPU-")
    with holder(tmp_path / "gpu"):
        shown = subprocess.run([*command, "show", folder], text=True, check=True, capture_output=True).stdout
    assert "SIMULATED" in shown
    assert "24.0 GiB" in shown
    assert "models 1.40" in shown
    nothing = subprocess.run([*command, "show", str(tmp_path)], text=True, capture_output=True)
    assert nothing.returncode == 2
    assert "holds no simulated GPU" in " ".join(nothing.stderr.replace("\N{BOX DRAWINGS LIGHT VERTICAL}", " ").split())
