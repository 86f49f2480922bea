"""The three arms as a page of the documentation. Pure."""

from __future__ import annotations

from dev.incident import table
from dev.incident.arms import ABOUT, WORKERS, Arm, Setting
from dev.incident.table import Results

_HEAD = """# The incident, and what became of it

Written by `make incident DOCS=1`. The numbers are in `build/incident/result.json`, too.

![Device memory and videos ingested over time, for each arm](incident.svg)

"""

_ARMS = """
## The arms

All three ingest the same {videos} clips of [synthetic speech](../dev/sample_media/README.md) from the same local feed,
with the same [demonstration model](../dev/demo_model/README.md) and the same small embedder, one after the other on one
machine, each on a fresh **simulated** GPU of {gib:g} GiB. They begin with {workers} workers. The machine has {cpus}
processors, and its load average in the minute before was {load:.1f}: what else it did has made the times longer.

| arm | what it is |
|---|---|
{about}
"""

_HOW = """
## How to read it

- **The device is simulated**: a ledger of memory and time that stands for the models of the founding incident
  (distil-large-v3, and gte-Qwen2-1.5B in float32), and raises the very exceptions of CTranslate2 and torch
  ([physics.py](../worker_image/ingestion_worker/device/simulated/physics.py)). A worker needs 8.6 GiB at its floor, so
  that 24 GiB hold two of them under 80 %. yt-dlp, faster-whisper, sentence-transformers, and for the operator's arms
  Kubernetes, are the real ones, on the processors of this machine, whose speed is in every time on this page.
- **Lost to memory** are videos that exist, in a run in which memory ran out, and that are not in the output. The output
  is compared with what the sample says, video by video; nobody's own word counts.
- **The founding program** fails a video that does not exist like one that it lost. It keeps models that are loaded when
  they are first needed: the first processes get both, the others never get an embedder, and go on to write off each
  video that they take. `empty_cache()` changes nothing about that: what is in the way is no cache. One fault of the
  incident is left out, a missing attribute between captions and speech recognition, which lost videos to something
  else than memory.
- **Out of memory** counts refused allocations. In our worker that costs a retry, or a wait for room, and no video.
- **The steady state** begins when no more pods are there than the lever asks for, and ends with the work; given is the
  highest use of the device in it.
- **Device busy** is in seconds, and as a share of the wall time. For the same videos, fewer seconds are better: that is
  larger batches. Four workers have half the budget of two, and so the smaller batches.
- **Frozen** shows what the worker does by itself: a worker that does not fit gives its memory back and waits until
  another is done. It keeps the small batches that a fourth of the device allows. Its lever never moves, so that its
  steady state includes the start, when all four load their models.
- **Adaptive** buys room for larger batches, for which the device is busy for less time, with starts of pods, which take
  tens of seconds on a busy machine. A run of two minutes is too short to earn them back in wall time.
"""


def page(results: Results, setting: Setting) -> str:
    """Return the page as Markdown."""
    about = "\n".join(f"| {arm} | {ABOUT[arm]} |" for arm in results)
    arms = _ARMS.format(
        videos=setting.videos,
        gib=setting.gpu_gib,
        workers=WORKERS,
        cpus=setting.cpus,
        load=setting.load_average,
        about=about,
    )
    return _HEAD + table.for_page(results) + _verdict(results) + arms + _HOW


def _verdict(results: Results) -> str:
    then, now = results[Arm.INCIDENT], results[Arm.ADAPTIVE]
    return (
        f"\nThe founding program lost {then.lost_to_memory} of {then.videos} videos to memory; our operator and worker "
        f"lost {now.lost_to_memory}.\n"
    )
