"""Log lines on stderr: one per video or event, `key=value` after the message."""

from __future__ import annotations

import logging
import sys
import time


def set_up_logs(verbose: bool) -> None:
    """Send this program's log lines to stderr, with UTC times; libraries speak from warnings on."""
    formatter = logging.Formatter("%(asctime)sZ %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("ingestion_worker").setLevel(logging.DEBUG if verbose else logging.INFO)
