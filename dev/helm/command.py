"""Running Helm."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dev.helm import HELM

_LIMIT_SECONDS = 180.0


class HelmRefused(RuntimeError):
    """Helm ended with an error; the message has its words."""


def helm(*arguments: str | Path, values: Mapping[str, Any] | None = None, kubeconfig: Path | None = None) -> str:
    """Run Helm and return what it printed.

    Args:
        arguments: as on its command line.
        values: the chart's values, for those commands that take some.
        kubeconfig: the cluster; without one, Helm finds none.

    Raises:
        HelmRefused: it ended with an error.
    """
    given = [] if values is None else ["--values", "-"]
    done = subprocess.run(
        [HELM.executable(), *arguments, *given],
        input=None if values is None else json.dumps(values),
        capture_output=True,
        text=True,
        timeout=_LIMIT_SECONDS,
        env={"KUBECONFIG": str(kubeconfig or "/dev/null"), "HOME": "/nonexistent"},
        check=False,
    )
    if done.returncode:
        raise HelmRefused(done.stdout + done.stderr)
    return done.stdout
