"""Builds an image from its Dockerfile, which is taken as it is."""

from __future__ import annotations

import subprocess
import tempfile
import tomllib
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path

from dev.image.base import base_image
from dev.image.buildah import Buildah
from dev.image.pip_settings import write_secrets

REPOSITORY = Path(__file__).parents[2]


class Image(StrEnum):
    """The images of this repository, by the names that the chart has for them."""

    OPERATOR = "ingestion-operator"
    WORKER = "ingestion-worker"

    @property
    def dockerfile(self) -> Path:
        """What it is built from."""
        return REPOSITORY / ("Dockerfile" if self is Image.OPERATOR else "worker_image/Dockerfile")


def build(
    image: Image, buildah: Buildah, report: Callable[[str], None] = print, arguments: Mapping[str, str] | None = None
) -> str:
    """Build an image, and return its name in the store.

    Args:
        arguments: more of `--build-arg`.

    Raises:
        ImageError: a step failed; its output has been shown.
    """
    name = f"localhost/{image}:dev"
    values = {"BASE_IMAGE": base_image(buildah, report), "VERSION": _version(), "REVISION": _revision()}
    values |= arguments or {}
    report(f"image: building {name} from {image.dockerfile.relative_to(REPOSITORY)}")
    with tempfile.TemporaryDirectory() as secrets:
        buildah(
            *("build", "--isolation=chroot", "--pull=never", "--layers"),
            *(f"--build-arg={argument}={value}" for argument, value in values.items()),
            *write_secrets(Path(secrets)),
            *("--file", image.dockerfile, "--tag", name, REPOSITORY),
            show=True,
        )
    return name


def _version() -> str:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def _revision() -> str:
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40"]
    said = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    return said.stdout.strip() or "unknown"
