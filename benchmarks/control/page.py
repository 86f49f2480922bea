"""The report as a page of the documentation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.control.contestants import LAWS, OURS
from benchmarks.control.families import FAMILIES, HELD_OUT
from benchmarks.control.figures import Figures
from benchmarks.control.goals import Goal
from benchmarks.control.report import TIES_PERCENT, Report

_HEAD = """# The control law in a contest

Written by `make bench-control`; the numbers are in `build/benchmarks/control.json`, those of each scenario in
`build/benchmarks/control-scenarios.jsonl`. **All of it is simulated**: `decide`, the observer, the status and the
worker's governor law are the real ones; devices, workers' processes, Job controller, kubelet, source and clock are not.

![regret of each contestant, and of ours by family](control-contest.svg)

"""

_HOW = """
## How it is played

- **Scenario:** a run of 0.4 to 2.5 hours at the best speed of its first moment, in one of the families below; a seed
  makes it. Physics, families and run lengths were committed before the law was tuned on them; changed since, after
  first results: the length of runs with an egress budget, the time at which workers fall silent, the oracle beside
  neighbours, and how fast a starved device is.
- **Held out** (seeds from 850 on) are families that the law was not tuned on. They have been seen once before, and
  rules for several devices were mended after that: [what the contest has shown](control.md#what-the-contest-has-shown).
- **Regret:** how much longer than with the best *static* setting of parallelism and batch, which hindsight picks from
  all settings, on the same workers, with the models' memory known from the start. While a neighbour is there, as many
  of its workers work as fit under the target beside it. The *clairvoyant* bound has the best setting under the target
  at every moment, and never starts, loads or measures anything.
- **The same for all:** workers with the real governor law, budgets shared out by the real `decide_limits`, scrapes
  every 5 s (of contestants that react within 30 s at the soonest, every 10 s). Nobody adds a worker before memory was
  free for two minutes, as the run asks. Only the number of workers is each contestant's own. `human` alone has the
  worker of the founding incident: it hears one window at a time, does not wait for room, and loses a video when memory
  runs out. When such a run is over, the next is started at once, with 2 workers and then 1, for what was lost.
- **Lost:** videos given up for want of memory, or not done when a run has taken 20 times as long as it has to.
- **OOM episodes:** failed allocations that follow each other within 30 s are one.
- **Memory:** of the fullest device, neighbours included; the 95th percentile of the second half of a run.
- **GPU-hours:** of devices on which there is at least one pod.
- **Bugs:** the decision with one rule broken must miss a goal that the decision as it is meets in the same scenarios.
- **Not simulated:** several videos in work at once (a worker that goes loses what is not at a checkpoint of one), the
  final step, discovery, an operator that restarts, and nodes that fail with all their pods.
"""

_LAWS = {
    OURS: "`decide`, from the run's initial parallelism",
    "static-1": "always one worker",
    "static-2": "always two",
    "static-4": "always four",
    "human": "four; then two, then one, for what was lost; the founding incident's worker",
    "aimd": "`AIMDLimit` of Netflix's concurrency-limits: one more every two minutes, x 0.9 when memory is short",
    "halving": "half when memory is short, never up",
    "hill-climber": "a step, two minutes of measuring, on if it was 2 % faster, else back and a rest of ten minutes",
}


def page(report: Report) -> str:
    """Return the page as Markdown."""
    oracle = _percent(report.oracle_clairvoyant_regret_median)
    parts = [
        _HEAD,
        f"{report.scenarios} scenarios, seeds {report.seeds}. The best static setting itself takes {oracle} ",
    ]
    parts += ["longer than the clairvoyant in the median: pods start, and the last shards leave devices idle.\n"]
    parts += ["\n## All scenarios\n\n", _contestants(report.contestants)]
    if report.held_out:
        parts += ["\n## The families held out\n\n", _contestants(report.held_out)]
    parts += ["\n## Goals\n\n", _goals([*report.goals, *report.contest_goals])]
    parts += ["\n## Against each other adaptive law\n\n", _duels(report.contestants[OURS])]
    parts += ["\nHow often nobody else was faster, by more than:\n\n", _nearly_fastest(report.nearly_fastest)]
    parts += ["\nThe best static setting is picked with hindsight, and falls short where things change during a run.\n"]
    parts += [f"\n## Bugs planted in the decision, in {report.bug_scenarios} scenarios\n\n", _bugs(report.bugs)]
    parts += ["\n## By family\n\n", _families(report), _HOW, "\n## The contestants\n\n", _laws()]
    return "".join(parts)


def _contestants(found: Mapping[str, Figures]) -> str:
    lines = [
        "| | lost | regret, median | 95th | worst | over clairvoyant | OOM episodes | changes | memory | "
        "GPU-h per audio-h | of oracle's | best adaptive |\n",
        "|---|---|---|---|---|---|---|---|---|---|---|---|\n",
    ]
    for name, seen in found.items():
        cells = (
            f"**{name}**" if name == OURS else name,
            f"{seen.lost_to_memory:,}",
            _percent(seen.regret_median),
            _percent(seen.regret_p95),
            _percent(seen.regret_worst),
            _percent(seen.clairvoyant_regret_median),
            f"{seen.oom_episodes_median:g}",
            f"{seen.changes_median:g}",
            f"{seen.memory_steady_percent:.0f} %",
            f"{seen.gpu_hours_per_audio_hour:.4f}",
            f"x {seen.gpu_hours_of_oracle:.2f}",
            "" if seen.best_adaptive_share is None else _percent(seen.best_adaptive_share),
        )
        lines.append(f"| {' | '.join(cells)} |\n")
    return "".join(lines)


def _goals(goals: Sequence[Goal]) -> str:
    lines = ["| goal | wanted | reached |\n", "|---|---|---|\n"]
    for goal in goals:
        sign = "at most" if goal.at_most else "at least"
        lines.append(f"| {goal.name} | {sign} {goal.wanted:g} | {'yes' if goal.met else '**no**'}: {goal.got:.3g} |\n")
    return "".join(lines)


def _duels(ours: Figures) -> str:
    lines = ["| other | ours faster | as fast, to 1 % | ours slower |\n", "|---|---|---|---|\n"]
    for other, faster in ours.faster.items():
        slower = ours.slower[other]
        lines.append(f"| {other} | {_percent(faster)} | {_percent(1 - faster - slower)} | {_percent(slower)} |\n")
    return "".join(lines)


def _nearly_fastest(found: Mapping[str, Mapping[int, float]]) -> str:
    lines = [
        f"| | {' | '.join(f'{percent} %' for percent in TIES_PERCENT)} |\n",
        f"|---{'|---' * len(TIES_PERCENT)}|\n",
    ]
    for name, shares in found.items():
        lines.append(f"| {name} | {' | '.join(_percent(shares[percent]) for percent in TIES_PERCENT)} |\n")
    return "".join(lines)


def _bugs(bugs: Mapping[str, Sequence[str]]) -> str:
    lines = ["| bug | noticed by |\n", "|---|---|\n"]
    lines += [f"| {bug} | {'; '.join(missed) or '**nothing**'} |\n" for bug, missed in bugs.items()]
    return "".join(lines)


def _families(report: Report) -> str:
    others = [name for name in LAWS if name != OURS]
    lines = [
        f"| family | what it is | regret, median | 95th | OOM episodes | lost | {' | '.join(others)} |\n",
        f"|---|---|---|---|---|---|{'---|' * len(others)}\n",
    ]
    for family, found in report.families.items():
        ours = found[OURS]
        about = ((FAMILIES | HELD_OUT)[family].__doc__ or "").strip().splitlines()[0]
        cells = (
            f"{family} (*held out*)" if family in HELD_OUT else family,
            about,
            _percent(ours.regret_median),
            _percent(ours.regret_p95),
            f"{ours.oom_episodes_median:g}",
            str(ours.lost_to_memory),
            *(_percent(found[other].regret_median) for other in others),
        )
        lines.append(f"| {' | '.join(cells)} |\n")
    return "".join(lines)


def _laws() -> str:
    return "| contestant | law |\n|---|---|\n" + "".join(f"| {name} | {law} |\n" for name, law in _LAWS.items())


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
