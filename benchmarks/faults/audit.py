"""Whether every video is accounted for exactly once after a run. Pure: what was found goes in, sentences come out."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ingestion_contract.metrics import Result
from ingestion_contract.status import ConditionType, IngestionRunStatus
from ingestion_operator.status.conditions import holds

LEAST_COSINE = 0.999
"""Vectors of the same text on the same device differ by rounding only."""


@dataclass(frozen=True)
class Passage:
    """A chunk of a video: seconds, text, and its vector."""

    start: float
    end: float
    text: str
    vector: tuple[float, ...]


@dataclass(frozen=True)
class Made:
    """A manifest, the folder in which it lies, and what it vouches for; `torn` is what does not match it."""

    folder: str
    key: str
    video_id: str
    transcript_key: str
    segments: tuple[tuple[float, float, str], ...]
    passages: tuple[Passage, ...]
    torn: tuple[str, ...] = ()


@dataclass(frozen=True)
class Told:
    """A recorded outcome: of which video, under which key."""

    video_id: str
    key: str
    result: Result
    reason: str


@dataclass(frozen=True)
class Output:
    """What lies in the output of a run.

    Attributes:
        listed: ids in the list of videos, in its order.
        made: every manifest that is whole.
        told: every outcome of the run that is whole.
    """

    listed: tuple[str, ...]
    made: tuple[Made, ...]
    told: tuple[Told, ...]


@dataclass(frozen=True)
class Left:
    """An object that is there after the end. `busy`: it still runs. `owner`: uid of the run that owns it, if any."""

    name: str
    owner: str | None
    busy: bool


def audit(output: Output, undisturbed: Output, status: IngestionRunStatus, left: Sequence[Left], uid: str) -> list[str]:
    """Return what is wrong after a run, a sentence each; nothing is what it should be.

    Args:
        output: what the run has made.
        undisturbed: what a run made to which nothing happened, of these videos and maybe more.
        status: what the operator tells.
        left: the objects that bear the run's name after its end.
        uid: of the run.
    """
    return [
        *_accounts(output),
        *_manifests(output),
        *_differences(output, undisturbed),
        *_untruths(output, status),
        *_orphans(left, uid),
    ]


def _accounts(output: Output) -> Iterator[str]:
    for name, times in Counter(output.listed).items():
        if times > 1:
            yield f"{name} is {times} times in the list"
    told = Counter(each.video_id for each in output.told)
    made = {each.video_id for each in output.made}
    for name in output.listed:
        if not told[name]:
            yield f"{name} is lost: {'made, but ' if name in made else ''}no outcome is recorded"
        elif told[name] > 1:
            yield f"{name} has {told[name]} outcomes"
    for each in output.told:
        if (each.result is Result.SUCCEEDED) is not (each.video_id in made):
            there = "a" if each.video_id in made else "no"
            yield f"{each.video_id} is recorded as {each.result} {each.reason}, but {there} manifest is there"
    for name in (told.keys() | made) - set(output.listed):
        yield f"{name} is not in the list, but in the output"


def _manifests(output: Output) -> Iterator[str]:
    for what, keys in (
        ("key", [each.key for each in output.made]),
        ("video", [each.video_id for each in output.made]),
    ):
        for name, times in Counter(keys).items():
            if times > 1:
                yield f"there are {times} manifests for the {what} {name}"
    for each in output.made:
        if each.folder != each.key:
            yield f"the manifest of {each.key} lies under {each.folder}"
        yield from (f"{each.video_id}: {torn}" for torn in each.torn)


def _differences(output: Output, undisturbed: Output) -> Iterator[str]:
    wanted: Mapping[str, Made] = {each.video_id: each for each in undisturbed.made}
    outcomes = {each.video_id: (each.result, each.reason) for each in undisturbed.told}
    for told in output.told:
        if outcomes.get(told.video_id) != (told.result, told.reason):
            yield f"{told.video_id} came to {told.result} {told.reason}, undisturbed to {outcomes.get(told.video_id)}"
    for made in output.made:
        other = wanted.get(made.video_id)
        if other is not None:
            yield from _difference(made, other)


def _difference(made: Made, other: Made) -> Iterator[str]:
    name = made.video_id
    if (made.key, made.transcript_key) != (other.key, other.transcript_key):
        yield f"{name} has other keys than undisturbed"
    if made.segments != other.segments:
        yield f"{name} says something else, or at other times, than undisturbed"
    if [(each.start, each.end, each.text) for each in made.passages] != [
        (each.start, each.end, each.text) for each in other.passages
    ]:
        yield f"{name} is cut into other chunks than undisturbed"
        return
    worst = min(
        (cosine(one.vector, two.vector) for one, two in zip(made.passages, other.passages, strict=True)), default=1.0
    )
    if worst < LEAST_COSINE:
        yield f"{name} has other vectors than undisturbed: a cosine of {worst:.4f}"


def cosine(one: Sequence[float], two: Sequence[float]) -> float:
    """Return the cosine of two vectors; 0 where their lengths differ, or one is nothing."""
    sizes = math.hypot(*one) * math.hypot(*two)
    if len(one) != len(two) or not sizes:
        return 0.0
    return sum(a * b for a, b in zip(one, two, strict=True)) / sizes


def _untruths(output: Output, status: IngestionRunStatus) -> Iterator[str]:
    if status.completion_time is None:
        yield "the status does not say that the run has ended"
    if not holds(status.conditions, ConditionType.COMPLETE):
        yield "the status does not say that the run is complete"
    results = Counter(each.result for each in output.told)
    truth = (len(output.listed), results[Result.SUCCEEDED], results[Result.FAILED], results[Result.SKIPPED])
    videos = status.videos
    told = (videos.total, videos.succeeded, videos.failed, videos.skipped)
    if told != truth:
        yield f"the status tells of {told} videos (total, succeeded, failed, skipped), in the output are {truth}"
    done = sum(truth[1:])
    if status.progress != f"{done}/{truth[0]}":
        yield f"the status tells of a progress of {status.progress}, in the output is {done}/{truth[0]}"
    reasons = Counter(each.reason for each in output.told if each.result is not Result.SUCCEEDED)
    if dict(status.videos.reasons) != dict(reasons):
        yield f"the status tells of the reasons {dict(status.videos.reasons)}, in the output are {dict(reasons)}"
    if status.video_list is not None and status.video_list.count != len(output.listed):
        yield f"the status tells of a list of {status.video_list.count}, in the output are {len(output.listed)}"


def _orphans(left: Sequence[Left], uid: str) -> Iterator[str]:
    for each in left:
        if each.busy:
            yield f"{each.name} still runs after the end of the run"
        if each.owner != uid:
            yield f"{each.name} is an orphan: it belongs to {each.owner or 'nobody'}"
