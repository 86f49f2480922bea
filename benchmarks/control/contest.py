"""Every contestant plays every scenario."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from multiprocessing import get_context

from benchmarks.control.bugs import BUGS
from benchmarks.control.clairvoyant import clairvoyant_seconds
from benchmarks.control.contestants import HUMAN, LAWS, OURS, STATIC, static
from benchmarks.control.families import make
from benchmarks.control.outcome import Outcome
from benchmarks.control.physics import GIB, LOOK_SECONDS
from benchmarks.control.play import play, play_human
from benchmarks.control.rows import Row
from benchmarks.control.scenario import Scenario
from benchmarks.control.static_oracle import static_oracle

UNHURRIED_SECONDS = 30.0
"""Between two looks where the number of workers never changes: only budgets may."""
OTHERS_SECONDS = 10.0
"""Between two looks of the other adaptive laws, which react within 30 s at the soonest; what a pod's change tells, they
see at once, too."""


def contest(seeds: Sequence[int], buggy: frozenset[int], processes: int) -> Iterator[Row]:
    """Yield a row for each seed, as they are done.

    Args:
        seeds: of the scenarios.
        buggy: those of them in which the bugs play, too.
        processes: that share the work.
    """
    with get_context("spawn").Pool(processes) as pool:
        yield from pool.imap_unordered(partial(_row, buggy=buggy), seeds)


def _row(seed: int, buggy: frozenset[int]) -> Row:
    return row(make(seed), with_bugs=seed in buggy)


def row(scenario: Scenario, *, with_bugs: bool) -> Row:
    """Let all play a scenario."""
    least = clairvoyant_seconds(scenario)
    setting, oracle = static_oracle(scenario, least)
    return Row(
        seed=scenario.seed,
        family=scenario.family,
        about=_about(scenario),
        audio_seconds=scenario.audio_seconds,
        neighbour_moments=[
            moment for device in scenario.devices for visit in device.visits for moment in (visit.start, visit.end)
        ],
        clairvoyant_seconds=least,
        setting=setting,
        oracle=oracle,
        outcomes=_outcomes(scenario, least),
        bugs={name: play(scenario, law, scenario.initial, least) for name, law in BUGS.items()} if with_bugs else {},
    )


def _outcomes(scenario: Scenario, least: float) -> dict[str, Outcome]:
    outcomes = {
        name: play(scenario, law, scenario.initial, least, looks=LOOK_SECONDS if name == OURS else OTHERS_SECONDS)
        for name, law in LAWS.items()
    }
    outcomes |= {
        name: play(scenario, partial(static, workers), workers, least, looks=UNHURRIED_SECONDS)
        for name, workers in STATIC.items()
    }
    return outcomes | {HUMAN: play_human(scenario, least)}


def _about(scenario: Scenario) -> str:
    devices, models = scenario.devices, scenario.models
    return (
        f"{len(devices)} x {devices[0].card.name} for {devices[0].slots} each, models {models.weights / GIB:.1f} GiB "
        f"and {models.slowness:g} x as slow, {len(scenario.durations)} videos, {scenario.initial} workers at first, "
        f"{scenario.source.per_worker:.0f} x real time for one, {scenario.source.in_all:.0f} x for all"
    )
