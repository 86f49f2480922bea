"""Puts several rankings of the same things together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from typing import TypeVar

Item = TypeVar("Item", bound=Hashable)

K = 60
"""The constant of the paper: so little does the very first place count more than the next ones."""


def fuse(rankings: Sequence[Sequence[Item]]) -> list[Item]:
    """Return all items, the best first, by reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009).

    An item's score is the sum, over the rankings that have it, of 1 / (60 + its place, from 1). Of equal scores, that
    which came first in the rankings stays first.
    """
    scores: defaultdict[Item, float] = defaultdict(float)
    for ranking in rankings:
        for place, item in enumerate(ranking, start=1):
            scores[item] += 1 / (K + place)
    return sorted(scores, key=lambda item: -scores[item])
