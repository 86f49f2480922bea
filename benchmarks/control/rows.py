"""What was seen in one scenario, and how it is kept."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.control.outcome import Outcome
from benchmarks.control.static_oracle import Setting
from benchmarks.control.world import Broken


@dataclass(frozen=True)
class Row:
    """One scenario.

    Attributes:
        about: the scenario in a few words.
        audio_seconds: of all videos.
        neighbour_moments: when a neighbour came or went, in seconds.
        clairvoyant_seconds: what it takes at the least.
        setting: the best static one.
        oracle: how that does.
        outcomes: of the contestants.
        bugs: of the decision with a bug in it; empty where the bugs did not play.
    """

    seed: int
    family: str
    about: str
    audio_seconds: float
    neighbour_moments: list[float]
    clairvoyant_seconds: float
    setting: Setting
    oracle: Outcome
    outcomes: dict[str, Outcome]
    bugs: dict[str, Outcome]

    def regret(self, outcome: Outcome) -> float:
        """Return how much longer than with the best static setting it took, as a share."""
        return outcome.seconds / self.oracle.seconds - 1

    def clairvoyant_regret(self, outcome: Outcome) -> float:
        """Return how much longer than it has to it took, as a share."""
        return outcome.seconds / self.clairvoyant_seconds - 1

    def oom_beyond_neighbours(self, outcome: Outcome) -> int:
        """Return the episodes beyond one for each time that a neighbour came or went."""
        return max(0, outcome.oom_episodes - sum(moment <= outcome.seconds for moment in self.neighbour_moments))


def write(rows: Iterable[Row], path: Path) -> Iterator[Row]:
    """Write one line a scenario as they come, and yield them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        for row in rows:
            file.write(json.dumps(asdict(row)) + "\n")
            file.flush()
            yield row


def read(path: Path) -> list[Row]:
    """Read what `write` wrote."""
    return [_row(json.loads(line)) for line in path.read_text().splitlines()]


def _row(data: dict[str, Any]) -> Row:
    return Row(
        **data
        | {
            "setting": Setting(**data["setting"]),
            "oracle": _outcome(data["oracle"]),
            "outcomes": {name: _outcome(fields) for name, fields in data["outcomes"].items()},
            "bugs": {name: _outcome(fields) for name, fields in data["bugs"].items()},
        }
    )


def _outcome(data: dict[str, Any]) -> Outcome:
    return Outcome(**data | {"broken": Broken(**data["broken"])})
