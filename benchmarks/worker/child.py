"""`python -m benchmarks.worker.child JOB ANSWER`: one system, timed in this process."""

from __future__ import annotations

import sys
import time
from importlib import import_module
from pathlib import Path

from benchmarks.worker.job import Answer, Job, Transcribe
from benchmarks.worker.systems import SYSTEMS


def main() -> None:
    """Load the system, transcribe one file to warm up, then time the job's files."""
    task, answer = map(Path, sys.argv[1:])
    job = Job.read(task)
    transcribe: Transcribe = import_module(SYSTEMS[job.system].module).start(job)
    transcribe([job.warm_up])
    ready = time.monotonic()
    texts = transcribe(job.files)
    Answer(ready - job.started, time.monotonic() - ready, texts).write(answer)


if __name__ == "__main__":
    main()
