"""The bound that nobody can pass: at every moment the best setting, and switching costs nothing. Pure.

No pod ever starts, loads or measures, nothing is lost, no shard is ever the last. What is left is the world as it is:
what neighbours hold, when the source blocks, how fast devices and source are.
"""

from __future__ import annotations

from benchmarks.control import physics
from benchmarks.control.rates import Demand, share
from benchmarks.control.scenario import Device, Scenario
from ingestion_worker.memory.governor import MAX_WINDOWS


def clairvoyant_seconds(scenario: Scenario, start: float = 0.0) -> float:
    """Return how long the run takes at the least."""
    now, left = start, scenario.audio_seconds
    for moment in [*_turning_points(scenario, start), float("inf")]:
        speed = 0.0 if _blocked(scenario, now) else best_speed(scenario, now)
        if speed > 0 and now + left / speed <= moment:
            return now + left / speed - start
        left -= speed * (moment - now)
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
    return min(max(best), scenario.source.in_all, _egress(scenario))


def device_speed(scenario: Scenario, device: Device, now: float, workers: int) -> float:
    """Return the audio-seconds a second of so many workers on a device; one that does not fit counts for nothing."""
    if not workers:
        return 0.0
    batch = largest_batch(scenario, device, workers, device.wanted_by_others(now))
    if batch is None:
        return 0.0
    supply = scenario.source.per_worker / physics.AUDIO_SECONDS_PER_WINDOW
    flows = share((Demand(batch, round(supply, 6)),) * workers, scenario.times(device))
    return sum(flow.windows for flow in flows) * physics.AUDIO_SECONDS_PER_WINDOW


def largest_batch(scenario: Scenario, device: Device, workers: int, others: int) -> int | None:
    """Return the largest batch with which so many workers stay below the target together; None where none does.

    A worker by itself may use all that is there.
    """
    room = device.card.memory * physics.TARGET_PERCENT // 100 - others
    if workers == 1:
        room = max(room, device.usable - others)
    windows = (room // workers - scenario.need(0, physics.TEXT_TOKENS)) // scenario.models.window_bytes
    return min(MAX_WINDOWS, windows) if windows >= 1 else None


def _egress(scenario: Scenario) -> float:
    budget = scenario.source.videos_per_hour
    if budget is None:
        return float("inf")
    return budget / 3600 * scenario.audio_seconds / len(scenario.durations)


def _blocked(scenario: Scenario, now: float) -> bool:
    return any(span.holds(now) for span in scenario.source.blocked)


def _turning_points(scenario: Scenario, start: float) -> list[float]:
    spans = [*scenario.source.blocked, *(visit for device in scenario.devices for visit in device.visits)]
    return sorted({moment for span in spans for moment in (span.start, span.end) if moment > start})
