"""Log lines on stderr: one per video or event, `key=value` before and after the message."""

from __future__ import annotations

import logging
import sys
import time
from typing import Any

from ingestion_worker.text.words import printable


class _Formatter(logging.Formatter):
    converter = staticmethod(time.gmtime)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the standard library's name
        return printable(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the standard library's name
        """Return where an error comes from, indented: its words are others', and begin no line."""
        return "\n".join(f"  {printable(line)}" for line in super().formatException(ei).split("\n"))


def set_up_logs(verbose: bool, *, run: str | None = None, shard: int | None = None) -> None:
    """Send this program's log lines to stderr, with UTC times; libraries speak from warnings on.

    Titles, ids and addresses come from strangers: whatever they hold, one message is one line, without secrets in it.

    Args:
        verbose: log details, too.
        run: NAMESPACE/NAME, which each line is to name from now on.
        shard: that each line is to name.
    """
    about = "".join(f"{key}={value} " for key, value in (("run", run), ("shard", shard)) if value is not None)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter(f"%(asctime)sZ %(levelname)s {about}%(message)s", "%Y-%m-%dT%H:%M:%S"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("ingestion_worker").setLevel(logging.DEBUG if verbose else logging.INFO)
