"""What the operator's figures depend on."""

from __future__ import annotations

import platform
from importlib.metadata import version

import psutil


def about_this_machine() -> dict[str, str]:
    """Return what the numbers depend on; what else the machine does counts, too."""
    memory = psutil.virtual_memory().total / 2**30
    return {
        "machine": f"{platform.machine()}, {psutil.cpu_count()} cores, {memory:.0f} GiB, {platform.system()}",
        "before it began": f"a load average of {psutil.getloadavg()[0]:.1f}",
        "versions": f"Python {platform.python_version()}, kopf {version('kopf')}, kubernetes {version('kubernetes')}",
    }
