"""Alerts for a run of minutes instead of days: all of their times shorter by one factor, and nothing else. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_TIME = r"(\d+)([smhd])"
_TIMES_OF_AN_EXPRESSION = re.compile(rf"(?<=\[){_TIME}(?=\])|(?<=offset ){_TIME}")
_LEAST_RANGE_SECONDS = 6
"""Of a range: a rate needs two scrapes, which come every second or two, one of which may fail."""


def paced(groups: Iterable[Mapping[str, Any]], pace: float) -> list[dict[str, Any]]:
    """Return rule groups whose times pass `pace` times as fast.

    These are `for`, ranges as in `[10m]` and offsets. Numbers of seconds that are compared with, as in `> 300`, stay.
    """
    return [{**group, "rules": [_rule(rule, pace) for rule in group["rules"]]} for group in groups]


def _rule(rule: Mapping[str, Any], pace: float) -> dict[str, Any]:
    expr = _TIMES_OF_AN_EXPRESSION.sub(lambda found: _shorter(found, pace, _LEAST_RANGE_SECONDS), rule["expr"])
    holds = re.sub(_TIME, lambda found: _shorter(found, pace, 0), rule["for"])
    return {**rule, "expr": expr, "for": holds}


def _shorter(found: re.Match[str], pace: float, least: float) -> str:
    count, unit = (part for part in found.groups() if part is not None)
    return f"{round(1000 * max(least, int(count) * _SECONDS[unit] / pace))}ms"
