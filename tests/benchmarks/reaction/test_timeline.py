"""From what workers note and a watch sees to how long each reaction took."""

from __future__ import annotations

from collections.abc import Iterable

from benchmarks.reaction.timeline import Event, Kind, Reaction, Seen, Sighting, reaction

LINE = 25.6


def holds(*changes: tuple[float, str, float]) -> list[Event]:
    return [Event(at, "127.16.0.1", event, used) for at, event, used in changes]


def answered(kind: Kind, events: list[Event], sightings: Iterable[tuple[float, Seen, int]]) -> Reaction | None:
    others = [Sighting(1.0, "another", Seen.PARALLELISM, 1), Sighting(1.0, "another", Seen.EXIT, 85)]
    seen = [*others, *(Sighting(at, "talks", what, value) for at, what, value in sightings)]
    return reaction("talks", kind, events, seen, 4, LINE)


WAITS = holds(
    (0, "holds", 20.0), (10, "waits", 26.4), (10.1, "holds", 31.9), (12.5, "ends", 21.4), (12.6, "ends", 21.0)
)
EXITS = holds((0, "holds", 20.0), (10, "exits", 26.0), (10.1, "holds", 31.5), (12.5, "ends", 21.0))
LOWERED = [(0.5, Seen.PARALLELISM, 4), (11.4, Seen.WANTED, 2), (11.5, Seen.PARALLELISM, 2)]


def test_a_worker_that_waits_can_be_seen_from_its_first_moment() -> None:
    assert answered(Kind.WAITS, WAITS, LOWERED) == Reaction("talks", Kind.WAITS, 10, 10, 11.4, 11.5, 12.5)


def test_an_exit_can_be_seen_once_the_pod_says_so() -> None:
    found = answered(Kind.EXITS, EXITS, [(10.4, Seen.EXIT, 85), *LOWERED])
    assert found is not None
    assert (found.short_at, found.visible_at) == (10, 10.4)
    assert (found.to_status, found.to_patch, found.to_relief) == (11.4 - 10.4, 11.5 - 10.4, 12.5 - 10.4)


def test_what_does_not_come_is_none() -> None:
    found = answered(Kind.WAITS, WAITS[:3], LOWERED[:1])
    assert found is not None
    assert (found.to_status, found.to_patch, found.to_relief) == (None, None, None)


def test_memory_that_is_under_the_line_for_a_moment_is_not_relieved() -> None:
    falls_and_rises = holds((10, "waits", 25.0), (10.1, "holds", 31.9), (12.5, "ends", 21.4))
    found = answered(Kind.WAITS, falls_and_rises, LOWERED)
    assert found is not None
    assert found.relieved_at == 12.5


def test_without_an_oom_or_a_sight_of_it_there_is_no_reaction() -> None:
    assert answered(Kind.WAITS, WAITS[:1], LOWERED) is None
    assert answered(Kind.EXITS, EXITS, LOWERED) is None
