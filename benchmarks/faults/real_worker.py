"""`python -m benchmarks.faults.real_worker`: the real worker, media and models included, that waits to be killed.

Nothing of it is replaced: at its moment, the first process of a run that comes there stays where it is for a while.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.faults.plan import PAUSE_SECONDS
from ingestion_contract import layout, pod
from ingestion_contract.pod import Step
from ingestion_worker.cli import app
from ingestion_worker.models.loaded import Models
from ingestion_worker.output.store import Store
from ingestion_worker.source import isolation
from ingestion_worker.source.transport import BoundedResponse
from ingestion_worker.steps.run_file import read_run


class Moment(StrEnum):
    """Where a worker waits to be killed."""

    DOWNLOAD = "download"
    """The first part of a video's media has come, the rest has not."""

    RECOGNITION = "recognition"
    """A batch was heard, and nobody was told."""

    EMBEDDING = "embedding"
    """A batch was embedded, and nobody was told."""

    VECTORS = "vectors"
    """A transcript is there, and its vectors are about to be written."""

    FINISH = "finish"
    """The output was counted, and the result is about to be written."""


OF_SHARDS = (Moment.DOWNLOAD, Moment.RECOGNITION, Moment.EMBEDDING, Moment.VECTORS)
"""The moment of each shard."""

KILLED = "killed"
"""The query of a source whose workers are to wait at their moments."""

OUTPUT = "FAULTS_OUTPUT"
"""Environment: where the process that reads sources leaves its mark."""

_READER = "benchmarks.faults.real_reader"
_VECTORS = "videos/*/chunks.parquet"


def mark(moment: Moment) -> str:
    """Return the path of what a worker leaves in the output when it has come to its moment."""
    return f"_faults/{moment}.json"


class Pause:
    """Lets the first process of a run that comes here leave a mark, and wait."""

    def __init__(self, store: Store, moment: Moment, shard: int) -> None:
        self._store = store
        self._moment = moment
        self._shard = shard
        self._write = Store.write

    def __call__(self, path: str) -> None:
        """Wait, if nobody has before; `path` says to a person where."""
        if self._store.read(mark(self._moment)) is None:
            where = json.dumps({"shard": self._shard, "path": path}).encode()
            self._write(self._store, mark(self._moment), where)
            time.sleep(PAUSE_SECONDS)


def install_in_download(pause: Pause) -> None:
    """Wrap what the process does that reads sources."""
    _wrap(BoundedResponse, "read", after=lambda answer, *_: pause("media") if "/media/" in answer.url else None)


def _install(moment: Moment, pause: Pause) -> None:
    """Wrap what the worker does at a moment."""
    if moment is Moment.DOWNLOAD:
        isolation.MODULE = _READER
    elif moment is Moment.RECOGNITION:
        _wrap(Models, "transcribe", after=lambda *_: pause("speech"))
    elif moment is Moment.EMBEDDING:
        _wrap(Models, "embed", after=lambda *_: pause("text"))
    else:
        pattern = _VECTORS if moment is Moment.VECTORS else layout.result("*")
        _wrap(Store, "write", before=lambda _, path, *__: pause(path) if fnmatchcase(path, pattern) else None)


def _wrap(
    owner: type, name: str, *, before: Callable[..., None] | None = None, after: Callable[..., None] | None = None
) -> None:
    method: Callable[..., Any] = getattr(owner, name)

    def wrapped(*arguments: Any, **options: Any) -> Any:
        if before is not None:
            before(*arguments)
        result = method(*arguments, **options)
        if after is not None:
            after(*arguments)
        return result

    setattr(owner, name, wrapped)


def main() -> None:
    """Do the step that the arguments name, as the operator calls it: `ingest STEP --output URL`."""
    step, output = Step(sys.argv[1]), sys.argv[3]
    shard = int(os.environ.get(pod.COMPLETION_INDEX, 0))
    killed = urlsplit(read_run(Path(pod.RUN_FILE)).spec.source.urls[0]).query == KILLED
    os.environ[OUTPUT] = output
    if killed and step is not Step.DISCOVER:
        moment = Moment.FINISH if step is Step.FINISH else OF_SHARDS[shard % len(OF_SHARDS)]
        _install(moment, Pause(Store(output), moment, shard))
    app()


if __name__ == "__main__":
    main()
