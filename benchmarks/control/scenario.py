"""What a scenario is: a run, and the world that it meets."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.control.physics import BATCH_SECONDS, CONTEXT, WINDOW_SECONDS, Card, Models
from benchmarks.control.rates import Times


@dataclass(frozen=True)
class Span:
    """From a moment until another, in seconds since the run's work began."""

    start: float
    end: float

    def holds(self, now: float) -> bool:
        """Return whether a moment lies within."""
        return self.start <= now < self.end


@dataclass(frozen=True)
class Visit(Span):
    """A neighbour: so many bytes of a device that others want for a while; they get what is free, up to that."""

    size: int


@dataclass(frozen=True)
class Device:
    """A GPU.

    Attributes:
        card: its kind.
        slots: pods that it takes at a time: 1 where it is not shared.
        fragmentation: share of its memory that no allocation can use.
        visits: neighbours, in order of their coming.
    """

    card: Card
    slots: int
    fragmentation: float
    visits: tuple[Visit, ...] = ()

    @property
    def usable(self) -> int:
        """Bytes that allocations can use."""
        return int(self.card.memory * (1 - self.fragmentation))

    def wanted_by_others(self, now: float) -> int:
        """Return the bytes that neighbours want at a moment."""
        return sum(visit.size for visit in self.visits if visit.holds(now))


@dataclass(frozen=True)
class Source:
    """Where the videos come from.

    Attributes:
        per_worker: audio-seconds that one worker can fetch and prepare in a second.
        in_all: audio-seconds that the source gives in a second to all of them.
        videos_per_hour: the run's egress budget; None is none.
        blocked: when it blocks the address.
        failing: share of the attempts at a shard that it lets fail at some point.
    """

    per_worker: float
    in_all: float
    videos_per_hour: int | None = None
    blocked: tuple[Span, ...] = ()
    failing: float = 0.0


@dataclass(frozen=True)
class Cluster:
    """What lies between operator and workers.

    Attributes:
        pod_start: shortest and longest time from a pod's creation until its process runs, in seconds.
        limits_lag: until a worker has new limits; None is what was measured where pods are annotated.
        scrape_lost: share of the answers to scrapes that are lost.
        silent: when no scrape is answered.
        preempted: when a pod is taken away.
    """

    pod_start: tuple[float, float]
    limits_lag: float | None = None
    scrape_lost: float = 0.0
    silent: tuple[Span, ...] = ()
    preempted: tuple[float, ...] = ()


@dataclass(frozen=True)
class Scenario:
    """A run and its world.

    Attributes:
        initial: worker pods to begin with; from `least` to `most` are allowed.
        durations: of the videos, in seconds.
        videos_per_shard: at most.
        models: what a worker loads.
        leak: bytes that each batch leaves behind until the models are unloaded.
    """

    family: str
    seed: int
    devices: tuple[Device, ...]
    models: Models
    leak: int
    initial: int
    least: int
    most: int
    durations: tuple[float, ...]
    videos_per_shard: int
    source: Source
    cluster: Cluster

    @property
    def audio_seconds(self) -> float:
        """Of all videos."""
        return sum(self.durations)

    @property
    def neighbour_changes(self) -> int:
        """How often a neighbour comes or goes."""
        return 2 * sum(len(device.visits) for device in self.devices)

    def times(self, device: Device) -> Times:
        """Return the times of batches on a device."""
        slowness = device.card.slowness * self.models.slowness
        return Times(BATCH_SECONDS * slowness, WINDOW_SECONDS * slowness)

    def need(self, windows: int, tokens: int) -> int:
        """Return the bytes that a worker needs for batches of that size."""
        return CONTEXT + self.models.weights + self.models.window_bytes * windows + self.models.token_bytes * tokens
