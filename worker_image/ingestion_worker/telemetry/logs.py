"""Log lines on stderr: one per video or event, `key=value` after the message."""

from __future__ import annotations

import logging
import sys
import time

from ingestion_worker.text.words import escaped


class _Formatter(logging.Formatter):
    converter = staticmethod(time.gmtime)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the standard library's name
        return escaped(super().formatMessage(record))


def set_up_logs(verbose: bool) -> None:
    """Send this program's log lines to stderr, with UTC times; libraries speak from warnings on.

    Titles and ids come from strangers: whatever they hold, one message is one line.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter("%(asctime)sZ %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("ingestion_worker").setLevel(logging.DEBUG if verbose else logging.INFO)
