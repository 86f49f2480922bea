"""What is secret in the addresses of a text, and the text without it. Pure.

A signed address is a secret that somebody else gave away: it has to be used as it is, and is not to be shown.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

REDACTED = "REDACTED"

USER_PATTERN = "^[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]*@"
"""An address that names a user or a password, as Python and the API server's CEL understand it."""

_MOST_USER = 1024
"""Characters of a user and a password that are looked for: a search without a bound takes time squared."""

_USER = re.compile(
    rf"(?<=://)(?:[^/?#\s]{{1,{_MOST_USER}}}|[^/?#\s@:\[]{{0,256}}:(?!\d*(?:[/?#\s]|$))[^\s@]{{0,{_MOST_USER}}})@"
)
"""What stands before the last `@` of an address's host; also where a password holds `/`, `?` or `#`, as none should."""

_PARAMETER = re.compile(r"(?<=[?&;#])([^=?&;#\s]{1,256})=([^&;#\s\"'<>]+)")

_SECRET_NAME = re.compile(
    r"(?<![a-z])sig(?![a-z])|signature|token|secret|passw|pwd|credential|(?<![a-z])o?auth(?!or)|api[-_]?key|"
    r"access[-_]?key|accessid|key-pair-id|jwt|session|hmac|^key$|^policy$|^hdn[a-z]+$",
    re.IGNORECASE,
)
"""Names of parameters that sign or open: of S3, Google, Azure, CloudFront and Akamai, and what programs call tokens."""


def redacted(text: str) -> str:
    """Return a text in which no address has a user or password, nor the value of a parameter that signs or opens.

    To be done before a text is cut: of half an address, nobody can tell what is secret in it.
    """
    return _PARAMETER.sub(_without_secret, _USER.sub("", text))


def has_user(url: str) -> bool:
    """Return whether an address names a user or a password."""
    return re.match(USER_PATTERN, url) is not None


def _without_secret(match: re.Match[str]) -> str:
    name, value = match[1], match[2]
    inner = unquote(value)
    secret = _SECRET_NAME.search(unquote(name)) or (inner != value and redacted(inner) != inner)
    return f"{name}={REDACTED}" if secret else match[0]
