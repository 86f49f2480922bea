"""The Job controller of Kubernetes, as far as an Indexed Job with back-off per index shows it. Pure of time and chance.

Sources: `pkg/controller/job` of Kubernetes 1.36 [S]; what was seen on a real node, `facts` [M].
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

FIRST_BACKOFF_SECONDS = 10.0
LONGEST_BACKOFF_SECONDS = 600.0


class Controlled(Protocol):
    """A pod, as far as the controller looks at it.

    Attributes:
        index: its shard.
        ready_since: None while it is not ready.
        created_at: when it was made.
        removed_at: when it was asked to go; None if it was not.
    """

    index: int
    ready_since: float | None
    created_at: float
    removed_at: float | None

    @property
    def scheduled(self) -> bool:
        """Whether it has a node."""

    @property
    def running(self) -> bool:
        """Whether its container runs."""


P = TypeVar("P", bound=Controlled)


class JobController:
    """Decides which pods are to go, and for which indexes new ones are to be made.

    Attributes:
        parallelism: pods wanted.
        succeeded: indexes that are complete.
    """

    def __init__(self, completions: int, parallelism: int) -> None:
        self.completions = completions
        self.parallelism = parallelism
        self.succeeded: set[int] = set()
        self._failures = [0] * completions
        self._ready_at = [0.0] * completions

    @property
    def complete(self) -> bool:
        """Whether every index is."""
        return len(self.succeeded) == self.completions

    def ended(self, index: int, *, succeeded: bool, removed: bool, now: float) -> None:
        """Hear that a pod has ended: one that was removed says nothing of its index; any other failure backs it off."""
        if succeeded:
            self.succeeded.add(index)
        elif not removed:
            backoff = min(LONGEST_BACKOFF_SECONDS, FIRST_BACKOFF_SECONDS * 2.0 ** min(20, self._failures[index]))
            self._failures[index] += 1
            self._ready_at[index] = now + backoff

    def surplus(self, pods: Sequence[P]) -> list[P]:
        """Return the pods that are to be removed: of those that stay, the first by the order of removal."""
        staying = [pod for pod in pods if pod.removed_at is None]
        most = min(self.parallelism, self.completions - len(self.succeeded))
        return sorted(staying, key=_rank)[: max(0, len(staying) - most)]

    def missing(self, pods: Sequence[Controlled], now: float) -> list[int]:
        """Return the indexes for which a pod is to be made now.

        A pod is replaced when it has ended (`podReplacementPolicy: Failed`). The first indexes are chosen, and those
        among them that are backed off hold their slot.
        """
        chosen = self._chosen(pods)
        return [index for index in chosen if self._ready_at[index] <= now]

    def next_at(self, pods: Sequence[Controlled], now: float) -> float | None:
        """Return when the first of the chosen indexes that are backed off may have its pod."""
        return min((self._ready_at[i] for i in self._chosen(pods) if self._ready_at[i] > now), default=None)

    def _chosen(self, pods: Sequence[Controlled]) -> list[int]:
        room = self.parallelism - len(pods)
        taken = {pod.index for pod in pods}
        pending = (i for i in range(self.completions) if i not in self.succeeded and i not in taken)
        return [index for index, _ in zip(pending, range(max(0, room)), strict=False)]


def _rank(pod: Controlled) -> tuple[bool, bool, bool, float, float]:
    """Unscheduled, pending, not ready, ready for the shortest time, newest."""
    ready_since = pod.ready_since if pod.ready_since is not None else 0.0
    return (pod.scheduled, pod.running, pod.ready_since is not None, -ready_since, -pod.created_at)
