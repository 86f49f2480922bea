"""Log lines on stderr, for people or for machines."""

from __future__ import annotations

import logging
import sys
import time
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from ingestion_contract.redaction import redacted

_PLAIN = "%(asctime)s.%(msecs)03dZ %(levelname)-7s %(name)s: %(message)s"
_JSON = "%(levelname)s %(name)s %(message)s"
_NAMES = {"levelname": "level", "name": "logger"}
_CHATTY = ("kopf", "aiohttp.access", "asyncio")


class _PlainFormatter(logging.Formatter):
    """One line a message, whatever workers and sources put into it."""

    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        super().__init__(_PLAIN, "%Y-%m-%dT%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the standard library's name
        return _printable(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the standard library's name
        """Return where an error comes from, indented: its words may be others', and begin no line."""
        return "\n".join(f"  {_printable(line)}" for line in super().formatException(ei).split("\n"))


class _JsonFormatter(JsonFormatter):
    def __init__(self) -> None:
        super().__init__(_JSON, rename_fields=_NAMES, timestamp=True)

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Take what is secret out of each text; JSON's own escapes keep control characters from doing harm."""
        return {name: redacted(value) if isinstance(value, str) else value for name, value in log_data.items()}


def _printable(text: str) -> str:
    """Return a text without what is secret in its addresses, and what is not printable as escapes."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in redacted(text)
    )


def set_up_logs(level: int, *, json_lines: bool) -> None:
    """Send the log to stderr, with UTC times; kopf's own words only from warnings on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonFormatter() if json_lines else _PlainFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
