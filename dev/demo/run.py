"""A run on the stage: applied, watched to its end, and judged by its output."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from dev.demo import manifests
from dev.demo.result import Result, summarise
from dev.demo.stage import Stage
from dev.demo.timeline import Observation
from dev.demo.verify import verify
from dev.demo.watch import watch
from dev.sample_media.sentences import expected

Say = Callable[[str], None]


@dataclass(frozen=True)
class Run:
    """A run that has ended: every look at it, and what came out."""

    observations: Sequence[Observation]
    result: Result


def ingest(stage: Stage, say: Say) -> Run:
    """Apply the run, watch it to its end, and say what changes.

    Raises:
        TimeoutError: the run did not end within half an hour.
        ChildDied: a part of the cluster ended by itself.
        OperatorDown: the operator did.
    """
    options = stage.options
    manifest = options.folder / "run.yaml"
    run = manifests.run(stage.feed_url, options.videos, options.workers)
    manifest.write_text(yaml.safe_dump(run, sort_keys=False))
    say(stage.kube.kubectl("apply", "-f", str(manifest)).strip())
    observations = watch(stage, say)
    uid = str(stage.kube.run()["metadata"]["uid"])
    verification = verify(stage.output, uid, expected(options.videos))
    return Run(observations, summarise(observations, verification, shown(stage.output)))


def shown(path: Path) -> str:
    """Return a path as a person would type it here."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
