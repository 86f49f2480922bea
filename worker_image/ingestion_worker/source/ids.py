"""What a video is called: its id is the source's word, and goes into files, logs and keys of databases."""

from __future__ import annotations

import hashlib

from ingestion_contract.redaction import redacted
from ingestion_worker.text.words import encodable

MAX_LENGTH = 255
"""Characters of an id. PostgreSQL's indexes hold keys of 2.7 kB at most."""

_DIGITS = 16


def video_id(text: str) -> str:
    """Return an id that can be written; of one that is too long, the beginning and a hash of the whole.

    The generic extractor makes ids from the last part of an address, signature and all.
    """
    whole = encodable(redacted(text))
    if len(whole) <= MAX_LENGTH:
        return whole
    digest = hashlib.sha256(whole.encode()).hexdigest()[:_DIGITS]
    return f"{whole[: MAX_LENGTH - _DIGITS - 1]}-{digest}"
