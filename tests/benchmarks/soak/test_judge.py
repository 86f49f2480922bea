"""The judge notices whatever leaks: otherwise a soak in which all is well says nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.soak.judge import LEAST_RESTS, QUANTITIES, judge
from benchmarks.soak.sample import EVENTS, KINDS, OTHERS, Sample

ROUNDS = 40
RUNS_A_ROUND = 6
MIB = 2**20
OBJECTS = {**dict.fromkeys(KINDS, 0), "configmaps": 8, OTHERS: 249}

Leak = Callable[[Sample], Sample]


def at_rest(runs: int) -> Sample:
    """Return a sample of an operator that is as it was before; events grow as they do in any cluster."""
    objects = {**OBJECTS, EVENTS: 30 * runs}
    return Sample(4.0 * runs, runs, True, 90 * MIB, 18, 9, 36, objects)


def soaked(rounds: int = ROUNDS, leak: Leak = lambda sample: sample) -> list[Sample]:
    return [leak(at_rest(RUNS_A_ROUND * number)) for number in range(1, rounds + 1)]


def growing(samples: list[Sample]) -> set[str]:
    return {verdict.quantity for verdict in judge(samples) if verdict.grows}


def leaked(kind: str, every: int) -> Leak:
    """Leave one object of a kind behind after every so many runs."""
    return lambda sample: replace(sample, objects={**sample.objects, kind: sample.objects[kind] + sample.runs // every})


def test_nothing_grows_where_all_is_as_it_was() -> None:
    assert growing(soaked()) == set()


@pytest.mark.parametrize("kind", [*KINDS, OTHERS])
@pytest.mark.parametrize("every", [1, 10, 100])
def test_an_object_that_is_left_behind(kind: str, every: int) -> None:
    assert growing(soaked(leak=leaked(kind, every))) == {kind}


def test_events_are_no_leak() -> None:
    assert EVENTS not in {quantity.name for quantity in QUANTITIES}


@pytest.mark.parametrize(
    ("leak", "found"),
    [
        (lambda sample: replace(sample, memory_bytes=sample.memory_bytes + 50_000 * sample.runs), "memory"),
        (lambda sample: replace(sample, open_files=sample.open_files + sample.runs // 6), "files"),
        (lambda sample: replace(sample, threads=sample.threads + sample.runs // 60), "threads"),
        (lambda sample: replace(sample, series=sample.series + 3 * sample.runs), "series"),
    ],
    ids=["50 kB a run", "a socket a round", "a thread every ten rounds", "the gauges of each run"],
)
def test_what_leaks_in_the_process(leak: Leak, found: str) -> None:
    assert growing(soaked(leak=leak)) == {found}


def test_what_is_filled_in_the_warm_up_is_no_leak() -> None:
    filled = soaked(leak=lambda sample: replace(sample, memory_bytes=60 * MIB + min(sample.runs, 60) * MIB))
    assert growing(filled) == set()


def test_one_burst_is_no_leak() -> None:
    samples = soaked()
    samples[-1] = replace(samples[-1], open_files=80, memory_bytes=300 * MIB)
    assert growing(samples) == set()


def test_runs_that_are_at_work_are_no_leak() -> None:
    busy = [
        replace(sample, seconds=sample.seconds + 1, resting=False, series=36 + sample.runs, open_files=sample.runs)
        for sample in soaked()
    ]
    assert growing([*soaked(), *busy]) == set()


@given(st.lists(st.tuples(st.integers(-MIB, MIB), st.integers(-4, 4)), min_size=ROUNDS, max_size=ROUNDS))
def test_a_leak_is_noticed_in_noise(noise: list[tuple[int, int]]) -> None:
    leak = soaked(leak=lambda sample: replace(sample, memory_bytes=sample.memory_bytes + 50_000 * sample.runs))
    leak = [replace(each, open_files=each.open_files + each.runs // 6) for each in leak]
    noisy = [
        replace(each, memory_bytes=each.memory_bytes + more, open_files=each.open_files + files)
        for each, (more, files) in zip(leak, noise, strict=True)
    ]
    assert growing(noisy) == {"memory", "files"}


def test_the_process_is_not_judged_over_few_runs() -> None:
    verdicts = {verdict.quantity: verdict for verdict in judge(soaked(rounds=6))}
    assert [verdicts[name].per_hundred_runs for name in ("memory", "files", "threads", "series")] == [None] * 4
    assert not verdicts["memory"].grows
    assert verdicts["jobs"].per_hundred_runs == 0


def test_too_few_moments_of_rest() -> None:
    with pytest.raises(ValueError, match=f"at least {LEAST_RESTS}"):
        judge(soaked(rounds=LEAST_RESTS - 1))
