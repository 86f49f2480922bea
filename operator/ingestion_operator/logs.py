"""Log lines on stderr, for people or for machines."""

from __future__ import annotations

import logging
import sys
import time

from pythonjsonlogger.json import JsonFormatter

_PLAIN = "%(asctime)s.%(msecs)03dZ %(levelname)-7s %(name)s: %(message)s"
_JSON = "%(levelname)s %(name)s %(message)s"
_NAMES = {"levelname": "level", "name": "logger"}
_CHATTY = ("kopf", "aiohttp.access", "asyncio")


class _PlainFormatter(logging.Formatter):
    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        super().__init__(_PLAIN, "%Y-%m-%dT%H:%M:%S")


def set_up_logs(level: int, *, json_lines: bool) -> None:
    """Send the log to stderr, with UTC times; kopf's own words only from warnings on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        JsonFormatter(_JSON, rename_fields=_NAMES, timestamp=True) if json_lines else _PlainFormatter()
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
