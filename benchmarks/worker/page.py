"""The report as a page of the documentation."""

from __future__ import annotations

from benchmarks.worker.report import COLD, WARM, Report, Row
from benchmarks.worker.systems import MODEL_ONLY, OURS, SEQUENTIAL, SYSTEMS

GOAL_OF_MODEL_ONLY = 0.85
FLAT = 1.1
"""Host memory that grows by less than a tenth between the two longest files is flat: in a short one the queues and the
batches do not fill."""

LOADS = ("short-clips", "long-files")

_HEAD = """# The worker beside its peers

Written by `make bench-worker`; the numbers are in `build/benchmarks/worker.json`, too. `make bench-peers` installs the
peers, each in an environment of its own outside the repository; ffmpeg and espeak-ng must be there.

![audio-hours per hour of each system, and host memory over the length of the audio](benchmarks.svg)

"""

_HOW = """
## How it is measured

- **The model** has the architecture of whisper-tiny.en and random weights: speed and memory are the real ones, the
  words are not. Random weights never end a text, and not every system has an option for it; so the end is built into
  the weights (`benchmarks/worker/model.py`): every system decodes the same number of tokens in every window, without
  an option.
- **The same for all:** audio, weights and their number type, two threads in all, batches of the same size where there
  are batches, beam 1, no timestamps, no word times, voice activity detection. No system decodes a window twice: the
  model is sure of its words and does not repeat itself.
- **Embedding** is no part of a transcriber: `ours` has nothing to embed with and is what the peers are compared with;
  `ours-with-embedding` is the worker as it is, and is compared with the incident's pattern, which embeds, too. Both
  read through the worker's own source stage, and write and commit every file.
- **model-only** is the bound: the features lie ready, the same model runs over the same windows in the same batches,
  and nothing else is done. Its memory holds all features, and says nothing.
- **Windows** are those that were decoded: fewer where a system cuts the silence within a window out, too.
- **Rounds:** each system runs in fresh processes, in turns, and each round begins with another one. Given is the
  median of the rounds (lowest to highest); a ratio is the median of the ratios within each round. One round says little
  of differences of a tenth: what else the machine does may move it by as much.
- **Warm** counts from when the models are loaded and one file was transcribed; **cold** from the start of the
  process, that one file included. The worker and whisper-ctranslate2 load their models again at each call: that is in
  their warm times.
- **Memory** is what all processes of a system hold together at the most, shared pages counted once, looked at four
  times a second.
- **Same text:** the share of the short clips whose text is word for word that of faster-whisper's `transcribe`, and
  the word error rate of single sentences, both with the [demonstration model](../dev/demo_model/README.md), which
  hears real words; no time is taken there. It has learnt single sentences only, so that long files are not judged by
  their text. Where two systems cut silence differently, the model hears other audio, and words at the edge differ.
"""


def page(report: Report) -> str:
    """Return the page as Markdown."""
    parts = [_HEAD, "".join(f"- {name}: {value}\n" for name, value in report.about.items())]
    parts += [_load(report, load) for load in LOADS]
    parts += [_memory(report), _goals(report), _HOW, _systems(report)]
    return "".join(parts)


def _load(report: Report, load: str) -> str:
    rows = sorted(
        (row for row in report.rows if row.load == load and row.start == WARM),
        key=lambda row: -row.audio_hours_per_hour,
    )
    lines = [
        f"\n## {load}\n\n",
        "| system | audio-hours/hour | cold | of model-only | ours is | windows | memory | same text | word errors |\n",
        "|---|---|---|---|---|---|---|---|---|\n",
    ]
    for row in rows:
        cold = report.row(load, row.system, COLD)
        cells = (
            f"**{row.system}**" if row.system == OURS else row.system,
            f"{row.audio_hours_per_hour:.1f} ({row.lowest:.1f} to {row.highest:.1f})",
            "" if cold is None else f"{cold.audio_hours_per_hour:.1f}",
            _percent(row.of_model_only),
            "" if row.ours_times is None else f"{row.ours_times:.2f} x",
            str(row.windows),
            "" if row.system == MODEL_ONLY else _mebibytes(row.peak_host_bytes),
            _percent(row.text_equal),
            _percent(row.word_error_rate),
        )
        lines.append(f"| {' | '.join(cells)} |\n")
    return "".join(lines)


def _memory(report: Report) -> str:
    lengths = sorted({point.minutes for point in report.host_memory})
    lines = [
        "\n## Host memory over the length of the audio\n\n",
        f"| one file of | {' | '.join(f'{minutes:g} minutes' for minutes in lengths)} |\n",
        f"|---|{'---|' * len(lengths)}\n",
    ]
    for system in (OURS, SEQUENTIAL):
        held = {point.minutes: point.peak_host_bytes for point in report.host_memory if point.system == system}
        if held:
            lines.append(f"| {system} | {' | '.join(_mebibytes(held[minutes]) for minutes in lengths)} |\n")
    return "".join(lines)


def _goals(report: Report) -> str:
    lines = ["\n## What was aimed at\n\n", "| goal | reached |\n", "|---|---|\n"]
    for load in LOADS:
        rivals = [row for row in report.rows if row.load == load and row.start == WARM and row.ours_times is not None]
        if rivals:
            lines.append(f"| {load}: ahead of every other system | {_ahead(rivals)} |\n")
        ours = report.row(load, OURS)
        if ours is not None and ours.of_model_only is not None:
            word = "yes" if ours.of_model_only >= GOAL_OF_MODEL_ONLY else "no"
            lines.append(f"| {load}: at least 85 % of the model alone | {word}: {_percent(ours.of_model_only)} |\n")
    held = [point.peak_host_bytes for point in report.host_memory if point.system == OURS]
    if len(held) > 1:
        growth = held[-1] / held[-2]
        lines.append(
            f"| host memory flat in the length of the audio | {'yes' if growth < FLAT else 'no'}: x {growth:.2f} |\n"
        )
    return "".join(lines)


def _ahead(rivals: list[Row]) -> str:
    behind = [row for row in rivals if row.ours_times is not None and row.ours_times <= 1]
    if not behind:
        closest = min(rivals, key=lambda row: row.ours_times or 0)
        return f"yes: {closest.ours_times:.2f} x the closest, {closest.system}"
    return "no: " + ", ".join(f"{row.ours_times:.2f} x {row.system}" for row in behind)


def _systems(report: Report) -> str:
    lines = ["\n## The systems\n\n", "| system | what it is |\n", "|---|---|\n"]
    for name, system in SYSTEMS.items():
        gone = f"; not measured: {' '.join(report.absent[name].split())[:200]}" if name in report.absent else ""
        lines.append(f"| {name} | {system.about}{gone} |\n")
    return "".join(lines)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"


def _mebibytes(held: int) -> str:
    return f"{held / 2**20:,.0f} MiB"
