"""Cuts the list of videos into shards, by duration."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from math import ceil

SHARD_AUDIO_SECONDS = 10 * 3600.0
"""Audio that is worth a pod's start: 15 minutes of GPU time at 40 times real time, one unbatched stream."""

LOCAL_SHARD_AUDIO_SECONDS = 2 * 3600.0
"""Audio that is worth another load of the models on one machine: 3 minutes at 40 times real time, for half a minute."""

LOCAL_SHARDS_PER_WORKER = 4
"""At the most: so that more workers than a run was begun with have something to do."""

UNKNOWN_SECONDS = 600.0
"""Taken for a video whose duration the list does not know."""


def cut(durations: Sequence[float | None], videos_per_shard: int) -> list[list[int]]:
    """Cut a list of videos into shards of about the same duration.

    As many shards as the cap asks for, and no fewer than one per `SHARD_AUDIO_SECONDS`.

    Args:
        durations: of each video, in seconds.
        videos_per_shard: at most so many videos in a shard.

    Returns:
        Per shard, the positions in `durations`; together a partition of all positions.
    """
    seconds = _known(durations)
    by_count = ceil(len(seconds) / videos_per_shard)
    by_time = int(sum(seconds) // SHARD_AUDIO_SECONDS)
    return _distribute(seconds, max(by_count, by_time), videos_per_shard)


def cut_for_workers(durations: Sequence[float | None], workers: int) -> list[list[int]]:
    """Cut a list of videos for workers on one machine, which load their models anew for each shard; see `cut`.

    One shard a worker; more of them, up to `LOCAL_SHARDS_PER_WORKER`, where each has `LOCAL_SHARD_AUDIO_SECONDS`; fewer
    only where there are fewer videos.
    """
    seconds = _known(durations)
    worthwhile = int(sum(seconds) // LOCAL_SHARD_AUDIO_SECONDS)
    count = max(workers, min(worthwhile, LOCAL_SHARDS_PER_WORKER * workers))
    return _distribute(seconds, count, len(seconds))


def _known(durations: Sequence[float | None]) -> list[float]:
    return [UNKNOWN_SECONDS if duration is None else duration for duration in durations]


def _distribute(seconds: Sequence[float], count: int, most: int) -> list[list[int]]:
    """Place the longest video first, each into the shard with the least to do that has room; of equals, the smallest.

    That is the LPT rule of Graham, 1969. Within a shard the longest comes first, too, so that the short ones fill the
    batches at its end.
    """
    shards: list[list[int]] = [[] for _ in range(min(len(seconds), count))]
    load = [(0.0, 0, shard) for shard in range(len(shards))]
    for position in sorted(range(len(seconds)), key=lambda position: (-seconds[position], position)):
        total, videos, shard = heapq.heappop(load)
        shards[shard].append(position)
        if len(shards[shard]) < most:
            heapq.heappush(load, (total + seconds[position], videos + 1, shard))
    return shards
