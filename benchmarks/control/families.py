"""The families of scenarios. Fixed, with physics and run lengths, before the law was tuned.

Each family takes what it is about to its ends, and draws the rest from what is common. The `HELD_OUT` families are
played for the report alone: nobody saw how the law does in them before it was final.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import exp, inf, log
from random import Random

from benchmarks.control import physics
from benchmarks.control.clairvoyant import best_speed
from benchmarks.control.physics import Card, Models
from benchmarks.control.scenario import Cluster, Device, Scenario, Source, Span, Visit

HOURS = (0.4, 2.5)
"""Shortest and longest length of a run at the best speed of its first moment, in hours; in between log-uniform. [C]"""

MEDIAN_VIDEO_SECONDS = (300.0, 1800.0)
"""Of the median of the videos' lengths, which are log-normal. [C]"""

VIDEO_SPREAD = 0.8
"""Standard deviation of the logarithm of the videos' lengths. [C]"""

LONGEST_VIDEO_SECONDS = 6 * 3600.0
MOST_WORKERS = 8
"""`spec.workers.parallelism.max`, by default."""

PER_WORKER = (60.0, 600.0)
"""Audio-seconds that one worker fetches and prepares in a second: one core does about 200 [M], a guest's download less,
a machine with several cores beside its media more. [C]"""


HELD_OUT_FROM = 850
"""The scenarios of this seed, and of those above it, are of the families that are held out."""


def make(seed: int) -> Scenario:
    """Return the scenario of a seed: the families take turns."""
    families = HELD_OUT if seed >= HELD_OUT_FROM else FAMILIES
    name = list(families)[seed % len(families)]
    return families[name](Random(f"{name}/{seed}"), name, seed)


Family = Callable[[Random, str, int], Scenario]


def _scenario(
    chance: Random,
    name: str,
    seed: int,
    devices: tuple[Device, ...],
    models: Models,
    *,
    source: Source | None = None,
    cluster: Cluster | None = None,
    initial: int | None = None,
    median_video: float | None = None,
    leak: int = 0,
    egress: float = inf,
) -> Scenario:
    """Return a scenario with as many videos as take the length of a run, at no more than the egress budget's speed."""
    most = min(MOST_WORKERS, sum(device.slots for device in devices))
    empty = Scenario(
        family=name,
        seed=seed,
        devices=devices,
        models=models,
        leak=leak,
        initial=initial or chance.randint(1, min(4, most)),
        least=1,
        most=most,
        durations=(1.0,),
        videos_per_shard=50,
        source=source or _source(chance),
        cluster=cluster or _cluster(chance),
    )
    median = median_video or _between(chance, MEDIAN_VIDEO_SECONDS)
    quiet = replace(empty, source=replace(empty.source, videos_per_hour=None))
    audio = _between(chance, HOURS) * 3600 * min(egress, best_speed(quiet, 0.0))
    return replace(empty, durations=_durations(chance, audio, median))


def _durations(chance: Random, audio_seconds: float, median: float) -> tuple[float, ...]:
    durations: list[float] = []
    left = audio_seconds
    while left > 0:
        durations.append(min(LONGEST_VIDEO_SECONDS, chance.lognormvariate(log(median), VIDEO_SPREAD)))
        left -= durations[-1]
    return tuple(durations)


def _between(chance: Random, bounds: tuple[float, float]) -> float:
    """Return a number that is as likely between 1 and 2 as between 2 and 4."""
    return exp(chance.uniform(log(bounds[0]), log(bounds[1])))


def _source(chance: Random) -> Source:
    per_worker = _between(chance, PER_WORKER)
    return Source(per_worker=per_worker, in_all=per_worker * MOST_WORKERS)


def _cluster(chance: Random) -> Cluster:
    shortest = _between(chance, (5.0, 20.0))
    return Cluster(pod_start=(shortest, shortest * _between(chance, (1.0, 3.0))), scrape_lost=0.01)


def _shared(card: Card, chance: Random, visits: tuple[Visit, ...] = ()) -> Device:
    return Device(card, slots=8, fragmentation=chance.uniform(0.0, 0.04), visits=visits)


def _models(chance: Random, *choices: Models) -> Models:
    return chance.choice(choices or (physics.INCIDENT, physics.BFLOAT16, physics.TURBO, physics.LARGE))


def _visits(chance: Random, card: Card, models: Models, count: int, seconds: tuple[float, float]) -> tuple[Visit, ...]:
    """Return neighbours that come one after the other, and always leave room for one worker."""
    need = physics.CONTEXT + models.weights + models.window_bytes + physics.TEXT_TOKENS * models.token_bytes
    most = card.memory * physics.TARGET_PERCENT / 100 - 1.05 * need
    visits, now = [], chance.uniform(200, 900)
    for _ in range(count):
        end = now + _between(chance, seconds)
        visits.append(Visit(now, end, int(chance.uniform(0.3, 1.0) * most)))
        now = end + _between(chance, seconds)
    return tuple(visits)


def incident(chance: Random, name: str, seed: int) -> Scenario:
    """The founding incident: four workers with the embedder in float32 on one card of 24 GiB, which holds two."""
    device = _shared(chance.choice((physics.L4, physics.A10)), chance)
    return _scenario(chance, name, seed, (device,), physics.INCIDENT, initial=4)


def big_card(chance: Random, name: str, seed: int) -> Scenario:
    """One large card: more workers fit than were begun with."""
    device = _shared(chance.choice((physics.A100, physics.H200)), chance)
    return _scenario(chance, name, seed, (device,), _models(chance))


def small_card(chance: Random, name: str, seed: int) -> Scenario:
    """16 GiB: one worker with the embedder in float32, two or three with smaller models."""
    models = _models(chance, physics.INCIDENT, physics.BFLOAT16, physics.SMALL)
    return _scenario(chance, name, seed, (_shared(physics.T4, chance),), models, initial=chance.choice((1, 2, 4)))


def exclusive(chance: Random, name: str, seed: int) -> Scenario:
    """A GPU for each worker."""
    card = chance.choice((physics.L4, physics.A10, physics.A100))
    count = chance.choice((2, 4, 8))
    devices = tuple(Device(card, 1, chance.uniform(0.0, 0.04)) for _ in range(count))
    return _scenario(chance, name, seed, devices, _models(chance))


def mixed(chance: Random, name: str, seed: int) -> Scenario:
    """Two GPUs on one node, shared by pods that the scheduler places; sometimes with a neighbour on one of them."""
    card, models = chance.choice((physics.L4, physics.A10, physics.A100)), _models(chance)
    visits = _visits(chance, card, models, chance.randint(0, 1), (600.0, 3000.0))
    devices = (Device(card, 4, chance.uniform(0.0, 0.04), visits), Device(card, 4, chance.uniform(0.0, 0.04)))
    return _scenario(chance, name, seed, devices, models)


def time_sliced(chance: Random, name: str, seed: int) -> Scenario:
    """Small models that all fit: memory is no limit, and more workers only help until the device is busy."""
    device = _shared(chance.choice((physics.L4, physics.A10, physics.A100, physics.H200)), chance)
    return _scenario(chance, name, seed, (device,), physics.SMALL)


def neighbours(chance: Random, name: str, seed: int) -> Scenario:
    """Others come to the device and leave, each staying for long."""
    card, models = chance.choice((physics.L4, physics.A10, physics.A100)), _models(chance)
    visits = _visits(chance, card, models, chance.randint(1, 3), (600.0, 3000.0))
    return _scenario(chance, name, seed, (_shared(card, chance, visits),), models)


def restless_neighbours(chance: Random, name: str, seed: int) -> Scenario:
    """Others come for minutes, again and again: whoever takes their absence for room is always wrong."""
    card, models = chance.choice((physics.L4, physics.A10, physics.A100)), _models(chance)
    visits = _visits(chance, card, models, chance.randint(6, 14), (120.0, 400.0))
    return _scenario(chance, name, seed, (_shared(card, chance, visits),), models)


def leaking(chance: Random, name: str, seed: int) -> Scenario:
    """Each batch leaves something behind, until the models are loaded again."""
    device = _shared(chance.choice((physics.L4, physics.A10, physics.A100)), chance)
    leak = int(_between(chance, (0.5, 8.0)) * 2**20)
    return _scenario(chance, name, seed, (device,), _models(chance), leak=leak)


def blocked_source(chance: Random, name: str, seed: int) -> Scenario:
    """The source blocks the address for a while, once or more."""
    spans, now = [], chance.uniform(200, 1200)
    for _ in range(chance.randint(1, 3)):
        spans.append(Span(now, now + _between(chance, (60.0, 900.0))))
        now = spans[-1].end + _between(chance, (600.0, 3000.0))
    source = replace(_source(chance), blocked=tuple(spans))
    device = _shared(chance.choice((physics.L4, physics.A10, physics.A100)), chance)
    return _scenario(chance, name, seed, (device,), _models(chance), source=source)


def slow_source(chance: Random, name: str, seed: int) -> Scenario:
    """The source gives less than the devices could take; sometimes because the run has an egress budget."""
    per_worker = _between(chance, PER_WORKER)
    median = _between(chance, MEDIAN_VIDEO_SECONDS)
    egress = per_worker * chance.uniform(0.5, 3.0)
    source = Source(per_worker=per_worker, in_all=egress)
    if chance.random() < 0.5:
        videos = int(egress * 3600 / (median * exp(VIDEO_SPREAD**2 / 2)))
        source = replace(source, in_all=per_worker * MOST_WORKERS, videos_per_hour=max(1, videos))
    card = chance.choice((physics.L4, physics.A10, physics.A100))
    shared = chance.random() < 0.5
    devices = (_shared(card, chance),) if shared else tuple(Device(card, 1, 0.01) for _ in range(8))
    return _scenario(chance, name, seed, devices, _models(chance), source=source, median_video=median, egress=egress)


def long_videos(chance: Random, name: str, seed: int) -> Scenario:
    """Hours each: few shards, and much to lose with each worker that goes."""
    device = _shared(chance.choice((physics.L4, physics.A10, physics.A100)), chance)
    return _scenario(chance, name, seed, (device,), _models(chance), median_video=_between(chance, (3600.0, 9000.0)))


def silent_workers(chance: Random, name: str, seed: int) -> Scenario:
    """Scrapes are lost, and for minutes none is answered, while a neighbour comes."""
    card, models = chance.choice((physics.L4, physics.A10, physics.A100)), _models(chance)
    visits = _visits(chance, card, models, 1, (600.0, 3000.0))
    silent = []
    now = chance.uniform(40, 200)
    for _ in range(chance.randint(2, 8)):
        silent.append(Span(now, now + _between(chance, (30.0, 400.0))))
        now = silent[-1].end + _between(chance, (100.0, 1000.0))
    cluster = replace(_cluster(chance), scrape_lost=chance.uniform(0.05, 0.3), silent=tuple(silent))
    return _scenario(chance, name, seed, (_shared(card, chance, visits),), models, cluster=cluster)


def preempted(chance: Random, name: str, seed: int) -> Scenario:
    """Pods are taken away by others of higher priority."""
    moments = sorted(chance.uniform(100, 7200) for _ in range(chance.randint(4, 16)))
    device = _shared(chance.choice((physics.L4, physics.A10, physics.A100)), chance)
    cluster = replace(_cluster(chance), preempted=tuple(moments))
    return _scenario(chance, name, seed, (device,), _models(chance), cluster=cluster)


def tight_fit(chance: Random, name: str, seed: int) -> Scenario:
    """Much of the device cannot be used: what should fit by its size may not."""
    card = chance.choice((physics.T4, physics.L4, physics.A10, physics.A100))
    models = _models(chance, physics.BFLOAT16, physics.TURBO, physics.LARGE)
    return _scenario(chance, name, seed, (Device(card, 8, chance.uniform(0.12, 0.3)),), models, initial=4)


def slow_cluster(chance: Random, name: str, seed: int) -> Scenario:
    """Pods take one to two minutes to start, and limits a minute to arrive."""
    shortest = chance.uniform(30, 60)
    cluster = Cluster(pod_start=(shortest, 2 * shortest), limits_lag=60.0, scrape_lost=0.02)
    device = _shared(chance.choice((physics.L4, physics.A10, physics.A100)), chance)
    return _scenario(chance, name, seed, (device,), _models(chance), cluster=cluster)


def failing_source(chance: Random, name: str, seed: int) -> Scenario:
    """The source fails some of the attempts, which are tried again with back-off."""
    source = replace(_source(chance), failing=chance.uniform(0.05, 0.3))
    device = _shared(chance.choice((physics.L4, physics.A10, physics.A100)), chance)
    return _scenario(chance, name, seed, (device,), _models(chance), source=source)


def unlike_cards(chance: Random, name: str, seed: int) -> Scenario:
    """Two GPUs of different kinds on one node: what fits on one does not on the other."""
    small, large = chance.choice((physics.T4, physics.L4)), chance.choice((physics.A10, physics.A100))
    models = _models(chance, physics.BFLOAT16, physics.TURBO, physics.LARGE)
    devices = tuple(Device(card, 4, chance.uniform(0.0, 0.04)) for card in (small, large))
    return _scenario(chance, name, seed, devices, models)


def node_of_four(chance: Random, name: str, seed: int) -> Scenario:
    """Four GPUs for two pods each, and neighbours on some of them."""
    card, models = chance.choice((physics.L4, physics.A10, physics.A100)), _models(chance)
    devices = tuple(
        Device(card, 2, 0.01, _visits(chance, card, models, chance.randint(0, 2), (600.0, 3000.0))) for _ in range(4)
    )
    return _scenario(chance, name, seed, devices, models)


def worn_cluster(chance: Random, name: str, seed: int) -> Scenario:
    """All at once, and none of it much: leaks, failures, lost scrapes, pods taken away, slow starts, one neighbour."""
    card, models = chance.choice((physics.L4, physics.A10, physics.A100)), _models(chance)
    source = replace(_source(chance), failing=0.1)
    moments = sorted(chance.uniform(100, 7200) for _ in range(4))
    cluster = Cluster(pod_start=(20.0, 60.0), limits_lag=60.0, scrape_lost=0.1, preempted=tuple(moments))
    device = _shared(card, chance, _visits(chance, card, models, 1, (600.0, 3000.0)))
    return _scenario(chance, name, seed, (device,), models, source=source, cluster=cluster, leak=2**20)


def unsteady_source(chance: Random, name: str, seed: int) -> Scenario:
    """Long videos from a source that is slow for all, and blocks now and then."""
    per_worker = _between(chance, PER_WORKER)
    spans, now = [], chance.uniform(100, 600)
    for _ in range(chance.randint(1, 4)):
        spans.append(Span(now, now + _between(chance, (30.0, 300.0))))
        now = spans[-1].end + _between(chance, (600.0, 2000.0))
    source = Source(per_worker=per_worker, in_all=per_worker * chance.uniform(1.0, 4.0), blocked=tuple(spans))
    device = _shared(chance.choice((physics.L4, physics.A10, physics.A100)), chance)
    median = _between(chance, (1800.0, 7200.0))
    return _scenario(chance, name, seed, (device,), _models(chance), source=source, median_video=median)


def _by_name(*families: Family) -> dict[str, Family]:
    return {family.__name__.replace("_", "-"): family for family in families}


FAMILIES = _by_name(
    incident,
    big_card,
    small_card,
    exclusive,
    mixed,
    time_sliced,
    neighbours,
    restless_neighbours,
    leaking,
    blocked_source,
    slow_source,
    long_videos,
    silent_workers,
    preempted,
    tight_fit,
    slow_cluster,
    failing_source,
)
HELD_OUT = _by_name(unlike_cards, node_of_four, worn_cluster, unsteady_source)
