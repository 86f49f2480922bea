"""buildah, with a store of its own in the cache outside the repository."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAMS = {"buildah": "buildah", "debootstrap": "debootstrap", "bwrap": "bubblewrap"}
"""What is needed, as commands and the Debian packages that bring them."""


class ImageError(RuntimeError):
    """An image could not be built or run; the message is one sentence, or the program's last words."""


def missing() -> list[str]:
    """Return what this machine lacks to build and run images, a sentence each."""
    lacking = [package for command, package in PROGRAMS.items() if shutil.which(command) is None]
    found = [f"These packages are missing: {' '.join(lacking)}."] if lacking else []
    return found if os.geteuid() == 0 else [*found, "Only root may make a Debian base and mount an image."]


def cache() -> Path:
    """Return the folder of the store."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ingestion-operator" / "image"


@dataclass(frozen=True)
class Config:
    """What an image's configuration says of a container.

    Attributes:
        environment: NAME to value.
        user: as in the Dockerfile.
    """

    entrypoint: tuple[str, ...]
    arguments: tuple[str, ...]
    environment: dict[str, str]
    user: str
    labels: dict[str, str]


class Buildah:
    """Images by name, in one folder."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or cache()

    def __call__(self, *arguments: str | Path, show: bool = False) -> str:
        """Run buildah, and return what it printed.

        Args:
            show: let a person see it instead.

        Raises:
            ImageError: it failed.
        """
        command = ["buildah", "--root", self.folder / "store", "--runroot", self.folder / "run", *arguments]
        done = subprocess.run(command, capture_output=not show, text=True, check=False)
        if done.returncode:
            words = "" if show else "\n" + "\n".join((done.stdout + done.stderr).splitlines()[-20:])
            raise ImageError(f"buildah {arguments[0]} failed.{words}")
        return (done.stdout or "").strip()

    def has(self, image: str) -> bool:
        """Tell whether the store holds an image."""
        return any(image in (found["names"] or ()) for found in json.loads(self("images", "--json") or "[]"))

    def add_root(self, root: Path, image: str) -> None:
        """Make an image of one layer from a folder."""
        container = self("from", "scratch")
        try:
            self("add", "--quiet", container, root, "/")
            self("commit", "--quiet", container, image)
        finally:
            self("rm", container)

    def config(self, image: str) -> Config:
        """Return an image's configuration."""
        found: dict[str, Any] = json.loads(self("inspect", "--type", "image", image))["OCIv1"]["config"]
        return Config(
            tuple(found.get("Entrypoint") or ()),
            tuple(found.get("Cmd") or ()),
            dict(line.split("=", 1) for line in found.get("Env") or ()),
            found.get("User", ""),
            found.get("Labels") or {},
        )

    @contextmanager
    def mounted(self, image: str) -> Iterator[Path]:
        """Show the files of an image in a folder, for as long as the block runs."""
        container = self("from", "--pull=never", image)
        try:
            yield Path(self("mount", container))
        finally:
            self("rm", container)
