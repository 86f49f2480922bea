"""The alerts of `monitoring/alerts`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[2] / "monitoring" / "alerts"


def groups() -> list[dict[str, Any]]:
    """Return the rule groups, one alert in each."""
    files = (yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.yaml")))
    return [group for file in files for group in file["groups"]]


@cache
def runbooks() -> dict[str, str]:
    """Return the path of each alert's runbook in the repository, by the alert's name."""
    return {rule["alert"]: rule["annotations"]["runbook"] for group in groups() for rule in group["rules"]}
