"""Words that are planted as secrets, and the search for them in whatever form they come out. Pure."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

SECRET = "canary7f3aq"
"""With this each secret begins. Letters and digits, which addresses, JSON, HTML and shells all write as they are."""

CONTROL = "canaryc0ntr0l"
"""This is planted where it comes out by right: where it is not found, the search is blind."""

_NAME = re.compile(rb"(?:%b|%b)[0-9a-z]*" % (SECRET.encode(), CONTROL.encode()), re.IGNORECASE)


def secret(name: str) -> str:
    """Return the secret of a name, which has letters and digits only."""
    assert name.isalnum()
    return f"{SECRET}{name.lower()}"


def found(content: bytes) -> set[str]:
    """Return the planted words that stand in a content: by name as text, else by the form that they have there."""
    named = {match.decode().lower() for match in _NAME.findall(content)}
    return named | {form for form, pattern in _FORMS.items() if pattern in content}


def _forms(word: str) -> Iterator[tuple[str, bytes]]:
    yield f"{word} in hex", word.encode().hex().encode()
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + word.encode())
        # The characters at both ends depend on what stands beside the word.
        yield f"{word} in base64, shifted by {shift}", encoded[(shift * 8 + 5) // 6 : -4]


_FORMS = {form: pattern for word in (SECRET, CONTROL) for form, pattern in _forms(word)}
