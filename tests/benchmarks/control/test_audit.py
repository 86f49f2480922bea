"""The audit sees, by what is so in the simulated cluster, when a law adds workers against the rules."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.control.bugs import BUGS
from benchmarks.control.contestants import LAWS, OURS
from benchmarks.control.families import make
from benchmarks.control.outcome import Outcome, episodes
from benchmarks.control.physics import A100, LARGE
from benchmarks.control.play import play
from benchmarks.control.scenario import Device, Scenario, Span
from benchmarks.control.world import Broken


@pytest.fixture
def silence() -> Scenario:
    """One worker on a large card, of whom nothing is heard between the first minute and the fifth."""
    scenario = make(1)
    return replace(
        scenario,
        devices=(Device(A100, 8, 0.0),),
        models=LARGE,
        initial=1,
        durations=(600.0,) * 400,
        cluster=replace(scenario.cluster, pod_start=(5.0, 5.0), scrape_lost=0.0, silent=(Span(60.0, 300.0),)),
    )


def outcome(scenario: Scenario, law: str) -> Outcome:
    return play(scenario, {**LAWS, **BUGS}[law], scenario.initial, 1000.0)


def test_workers_added_in_silence_are_counted(silence: Scenario) -> None:
    assert outcome(silence, "up-on-stale-telemetry").broken.in_silence > 0


def test_our_law_breaks_no_rule(silence: Scenario) -> None:
    assert outcome(silence, OURS).broken == Broken()


def test_failures_within_half_a_minute_are_one_episode() -> None:
    assert episodes([]) == 0
    assert episodes([5.0, 30.0, 59.0]) == 1
    assert episodes([100.0, 5.0, 5.0]) == 2
