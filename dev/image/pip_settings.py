"""This machine's settings of pip, handed to a build as secrets, so that no layer has them."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

_ONLY_HERE = ("find-links", "require-virtualenv", "target", "prefix", "user", "cache-dir", "no-index")
"""What speaks of folders of this machine, or of where to install."""


def write_secrets(folder: Path) -> list[str]:
    """Write pip.conf, and the certificates that it names, into a folder; return `buildah build`'s options for them."""
    settings = _settings()
    secrets = {"pip.conf": folder / "pip.conf"}
    if certificates := settings.pop("cert", None):
        secrets["ca.pem"] = Path(certificates)
        settings["cert"] = "/run/secrets/ca.pem"
    lines = ["[global]", *(f"{name} = {value}" for name, value in settings.items())]
    secrets["pip.conf"].write_text("\n".join(lines) + "\n", encoding="utf-8")
    return [f"--secret=id={name},src={path}" for name, path in secrets.items()]


def _settings() -> dict[str, str]:
    """Return what pip's files and environment say, the environment last."""
    command = [sys.executable, "-m", "pip", "config", "list", "--disable-pip-version-check"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    found = dict(line.split("=", 1) for line in lines if "=" in line)
    by_rank = sorted(found.items(), key=lambda item: item[0].startswith(":env:"))
    settings = {name.partition(".")[2]: str(ast.literal_eval(value)) for name, value in by_rank}
    return {name: value for name, value in settings.items() if name not in _ONLY_HERE}
