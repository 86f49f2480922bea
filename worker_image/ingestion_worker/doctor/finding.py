"""What a check found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is: a warning serves, a problem does not."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Finding:
    """What a check found: for `ok` what is there, else what to do."""

    check: str
    level: Level
    says: str


def serves(findings: Iterable[Finding]) -> bool:
    """Return whether an ingestion can run: nothing is a problem."""
    return all(finding.level is not Level.PROBLEM for finding in findings)
