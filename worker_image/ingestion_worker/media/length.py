"""How long a video may be: what claims to be longer is not believed, and what is longer is not heard to its end."""

from __future__ import annotations

MOST_HOURS = 100
MOST_SECONDS = MOST_HOURS * 3600.0
"""Twice the longest recordings there are. Few bytes of silence can last for years, and would keep a device busy."""
