"""Reciprocal rank fusion."""

from hypothesis import given
from hypothesis import strategies as st

from ingestion_worker.index.fusion import fuse

ranking = st.lists(st.integers(0, 20), unique=True)


def test_what_both_rankings_have_comes_before_what_one_has() -> None:
    assert fuse([["a", "b", "c"], ["d", "b", "e"]]) == ["b", "a", "d", "c", "e"]


@given(st.lists(ranking, max_size=3))
def test_nothing_is_lost_and_nothing_is_there_twice(rankings: list[list[int]]) -> None:
    fused = fuse(rankings)
    assert len(set(fused)) == len(fused)
    assert set(fused) == {item for ranking in rankings for item in ranking}


@given(ranking)
def test_rankings_that_agree_are_kept(one: list[int]) -> None:
    assert fuse([one]) == one
    assert fuse([one, one]) == one


@given(ranking, ranking)
def test_what_is_nowhere_behind_another_is_not_put_behind_it(one: list[int], other: list[int]) -> None:
    fused = fuse([one, other])
    for first in one:
        for second in one[one.index(first) + 1 :]:
            if first in other and (second not in other or other.index(first) < other.index(second)):
                assert fused.index(first) < fused.index(second)
