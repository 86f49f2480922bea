"""From what was seen to how long an outage lasted. Pure; moments are seconds since 1970."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from benchmarks.reaction.timeline import Event, Reaction


class Cause(StrEnum):
    """Why the operator is away; `none` is what the others are compared with.

    crash: SIGKILL to its process, and the kubelet starts the container again. pod: its pod is removed at once, and the
    Deployment makes another.
    """

    NONE = "none"
    CRASH = "crash"
    POD = "pod"


@dataclass(frozen=True)
class Outage:
    """The operator was away, and the memory of a run's workers ran out meanwhile.

    Attributes:
        to_status: seconds from its beginning until the next decision is in the status; None if that never came.
        to_patch: until the Job is patched.
        workers_ended: those that ended before that, though nobody had asked them to.
    """

    cause: Cause
    to_status: float | None
    to_patch: float | None
    workers_ended: int


def outage(cause: Cause, began_at: float, answer: Reaction, events: Iterable[Event]) -> Outage:
    """Return what an outage meant to a run.

    Args:
        cause: of the outage.
        began_at: when the operator was killed; with no outage, when memory was to run out.
        answer: how the operator answered in the end.
        events: what the run's workers have noted.
    """
    until = answer.status_at if answer.status_at is not None else float("inf")
    ended = sum(event.event == "ends" and began_at <= event.at < until for event in events)
    return Outage(cause, _since(began_at, answer.status_at), _since(began_at, answer.patched_at), ended)


def _since(began_at: float, at: float | None) -> float | None:
    return None if at is None else at - began_at


def seconds_to_patch(outages: Sequence[Outage], cause: Cause) -> list[float]:
    """Return how long it took until the Job was patched, where it was."""
    return [each.to_patch for each in outages if each.cause is cause and each.to_patch is not None]
