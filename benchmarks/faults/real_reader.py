"""`python -m benchmarks.faults.real_reader FD`: the process in which the real worker reads sources, and waits there."""

from __future__ import annotations

import os

from benchmarks.faults.real_worker import OUTPUT, Moment, Pause, install_in_download
from ingestion_contract import pod
from ingestion_worker.output.store import Store
from ingestion_worker.source import isolated_process


def main() -> None:
    """Serve the worker as it expects, but for the pause."""
    shard = int(os.environ.get(pod.COMPLETION_INDEX, 0))
    install_in_download(Pause(Store(os.environ[OUTPUT]), Moment.DOWNLOAD, shard))
    isolated_process.main()


if __name__ == "__main__":
    main()
