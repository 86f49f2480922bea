"""What a system's processes hold together."""

import os
import subprocess
import sys
import time

from benchmarks.worker.measure import PeakMemory

MIB = 2**20
PATIENCE_SECONDS = 60.0

HOLDS = "import sys; held = bytes(range(256)) * 4096 * 100; print('held', flush=True); sys.stdin.read()"
STARTS_ANOTHER = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HOLDS!r}])"


def test_the_memory_of_a_process_that_a_system_starts_is_its_own() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STARTS_ANOTHER], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        with PeakMemory(process.pid) as memory:
            process.stdout.readline()
            deadline = time.monotonic() + PATIENCE_SECONDS
            while memory.peak < 100 * MIB and time.monotonic() < deadline:
                os.sched_yield()
            process.stdin.close()
            process.wait(PATIENCE_SECONDS)
    assert 100 * MIB < memory.peak < 200 * MIB
