"""What kstatus, the library by which Flux and others judge objects, makes of them: the real one, in Go."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dev.go_program import GoProgram, Report

KSTATUS = GoProgram(name="kstatus", label="kstatus", source=Path(__file__).parent)


@dataclass(frozen=True)
class Verdict:
    """What kstatus says: InProgress, Failed, Current, Terminating, NotFound or Unknown, and why."""

    status: str
    message: str


def judge(objects: Iterable[Mapping[str, Any]], report: Report = print) -> list[Verdict]:
    """Return what kstatus makes of each object, as the API server returns it.

    Raises GoMissing or BuildFailed when the program is not there and cannot be built, and ValueError with its words
    when it cannot read an object.
    """
    lines = "".join(f"{json.dumps(item)}\n" for item in objects)
    ran = subprocess.run([KSTATUS.executable(report)], input=lines, capture_output=True, text=True, timeout=60)
    if ran.returncode:
        raise ValueError(f"kstatus cannot judge an object: {ran.stderr.strip()}")
    return [Verdict(**json.loads(line)) for line in ran.stdout.splitlines()]
