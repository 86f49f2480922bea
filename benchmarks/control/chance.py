"""How much of a contest between adaptive laws is chance: our law against itself, if it looked less often.

Which pod starts first and which video comes last depend on when levers move. So rivals that decide alike and differ in
nothing but their moments show which differences say nothing about a law.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from multiprocessing import get_context

from benchmarks.control.clairvoyant import clairvoyant_seconds
from benchmarks.control.contestants import LAWS, OURS
from benchmarks.control.families import make
from benchmarks.control.physics import LOOK_SECONDS
from benchmarks.control.play import play
from benchmarks.control.scenario import Scenario

TWINS_LOOKS = (6.0, 7.0, 8.0)
"""Seconds between two looks of our law's twins: as many as there are other adaptive laws."""

Seconds = tuple[float, ...]
"""How long a run took: with our law, then with each of its twins."""


def against_twins(seeds: Sequence[int], processes: int) -> Iterator[Seconds]:
    """Yield how long each scenario takes our law and its twins, as they are done."""
    with get_context("spawn").Pool(processes) as pool:
        yield from pool.imap_unordered(_of_seed, seeds)


def among_twins(scenario: Scenario) -> Seconds:
    """Return how long a scenario takes our law and its twins."""
    least = clairvoyant_seconds(scenario)
    return tuple(
        play(scenario, LAWS[OURS], scenario.initial, least, looks=looks).seconds
        for looks in (LOOK_SECONDS, *TWINS_LOOKS)
    )


def share_unbeaten(played: Sequence[Seconds], tie: float) -> float:
    """Return the share of scenarios in which no twin was faster than our law by more than a share."""
    return sum(ours <= min(twins) * (1 + tie) for ours, *twins in played) / len(played)


def _of_seed(seed: int) -> Seconds:
    return among_twins(make(seed))
