"""The output of containers, in files that outlive the pods."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

_FOLLOW_SECONDS = 0.5


class ContainerLogs:
    """One file per container, at `<namespace>/<pod>/<container>.log` under a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._being_written: set[Path] = set()

    def file(self, namespace: str, pod: str, container: str) -> Path:
        """Where a container's output goes."""
        return self._folder / namespace / pod / f"{container}.log"

    @contextmanager
    def being_written(self, file: Path) -> Iterator[None]:
        """Let those who follow a file wait for more while the context is open."""
        self._being_written.add(file)
        try:
            yield
        finally:
            self._being_written.discard(file)

    async def read(self, file: Path, last_lines: int | None, follow: bool) -> AsyncIterator[bytes]:
        """Yield a file's content, only its last lines if so asked, and what comes while its container runs."""
        with file.open("rb") as log:
            yield b"".join(deque(log, maxlen=last_lines))
            while follow and file in self._being_written:
                await asyncio.sleep(_FOLLOW_SECONDS)
                yield log.read()
