"""Secrets that this process was given, and texts without them: a server may repeat in an error what it was asked with.

One list a process, as there is one log, and one environment that the secrets come from.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from html import escape
from urllib.parse import quote, quote_plus

from ingestion_contract.redaction import REDACTED

LEAST_LENGTH = 8
"""Shorter values are not looked for: they guard nothing, and may be words of any sentence."""

_hidden: list[str] = []


def hide(values: Iterable[str]) -> None:
    """Leave these values out of all texts from now on, as they are and as addresses, JSON and XML write them."""
    forms = {form for value in values if len(value) >= LEAST_LENGTH for form in _forms(value)}
    # The longest first: one may be a part of another.
    _hidden[:] = sorted(forms | set(_hidden), key=len, reverse=True)


def without_hidden(text: str) -> str:
    """Return a text without the values that are hidden."""
    for value in _hidden:
        text = text.replace(value, REDACTED)
    return text


def _forms(value: str) -> set[str]:
    return {value, quote(value, safe=""), quote(value), quote_plus(value), json.dumps(value)[1:-1], escape(value)}
