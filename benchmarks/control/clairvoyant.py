"""The bound of those who keep to the target: at every moment the best setting, and switching costs nothing. Pure.

No pod ever starts, loads or measures, nothing is lost, no shard is ever the last. What is left is the world as it is:
what neighbours hold, when the source blocks, how fast devices and source are.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from benchmarks.control import physics
from benchmarks.control.rates import Demand, share
from benchmarks.control.scenario import Device, Scenario
from ingestion_contract.limits import MAX_WINDOWS


def clairvoyant_seconds(scenario: Scenario) -> float:
    """Return how long the run takes at the least."""
    return seconds_at(scenario, lambda now: best_speed(scenario, now))


def seconds_at(scenario: Scenario, speed_at: Callable[[float], float]) -> float:
    """Return how long the run takes at audio-seconds a second that change only when the world does.

    Raises:
        ValueError: it is never over.
    """
    now, left = 0.0, scenario.audio_seconds
    for moment in [*_turning_points(scenario), inf]:
        speed = 0.0 if _blocked(scenario, now) else speed_at(now)
        if speed > 0 and now + left / speed <= moment:
            return now + left / speed
        left -= speed * (moment - now) if speed else 0.0
        now = moment
    raise ValueError(f"{scenario.family} {scenario.seed} cannot be completed")


def best_speed(scenario: Scenario, now: float) -> float:
    """Return the audio-seconds a second of the best setting at a moment."""
    best = [0.0]
    for device in scenario.devices:
        on_it = [device_speed(scenario, device, now, workers) for workers in range(device.slots + 1)]
        most = min(scenario.most, len(best) - 1 + device.slots)
        best = [
            max(best[number - here] + on_it[here] for here in range(device.slots + 1) if 0 <= number - here < len(best))
            for number in range(most + 1)
        ]
    return min(max(best), scenario.source.in_all, egress(scenario))


def device_speed(scenario: Scenario, device: Device, now: float, workers: int) -> float:
    """Return the audio-seconds a second of so many workers on a device; one that does not fit counts for nothing."""
    batch = largest_batch(scenario, device, workers, device.wanted_by_others(now)) if workers else None
    return speed_of(scenario, device, workers, batch, scenario.source.per_worker) if batch is not None else 0.0


def speed_of(scenario: Scenario, device: Device, workers: int, batch: int, supply: float) -> float:
    """Return the audio-seconds a second of workers on a device.

    Args:
        batch: windows in their batches.
        supply: audio-seconds a second that the source brings to each of them.
    """
    demand = Demand(batch, round(supply / physics.AUDIO_SECONDS_PER_WINDOW, 6))
    flows = share((demand,) * workers, scenario.times(device)) if workers else ()
    return sum(flow.windows for flow in flows) * physics.AUDIO_SECONDS_PER_WINDOW


def largest_batch(scenario: Scenario, device: Device, workers: int, others: int) -> int | None:
    """Return the largest batch with which so many workers stay below the target together; None where none does.

    A worker by itself may have a batch of one if that fits at all.
    """
    room = device.card.memory * physics.TARGET_PERCENT // 100 - others
    windows = (room // workers - scenario.need(0, physics.TEXT_TOKENS)) // scenario.models.window_bytes
    if windows >= 1:
        return min(MAX_WINDOWS, windows)
    fits_alone = workers == 1 and scenario.need(1, physics.TEXT_TOKENS) <= device.usable - others
    return 1 if fits_alone else None


def egress(scenario: Scenario) -> float:
    """Return the audio-seconds a second that the run's egress budget allows."""
    budget = scenario.source.videos_per_hour
    if budget is None:
        return inf
    return budget / 3600 * scenario.audio_seconds / len(scenario.durations)


def _blocked(scenario: Scenario, now: float) -> bool:
    return any(span.holds(now) for span in scenario.source.blocked)


def _turning_points(scenario: Scenario) -> list[float]:
    spans = [*scenario.source.blocked, *(visit for device in scenario.devices for visit in device.visits)]
    return sorted({moment for span in spans for moment in (span.start, span.end) if moment > 0})
