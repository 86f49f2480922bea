"""A minimal Debian, made by debootstrap, in the place of the base image that a registry would give."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from dev.image.buildah import Buildah, ImageError

SUITE = "bookworm"
BASE = f"localhost/debian-{SUITE}:latest"

_NOT_IN_SLIM = ("usr/share/man", "usr/share/info", "usr/share/locale", "var/cache/apt", "var/lib/apt/lists", "var/log")
"""What Debian's own slim images do without, or what apt fetches anew."""


def base_image(buildah: Buildah, report: Callable[[str], None]) -> str:
    """Return the name of the base image, which is made when the store does not hold it yet.

    Raises:
        ImageError: debootstrap failed; the message has its last words.
    """
    buildah.folder.mkdir(parents=True, exist_ok=True)
    with FileLock(buildah.folder / "base.lock"):
        if not buildah.has(BASE):
            report(f"image: making a minimal Debian {SUITE} with debootstrap, once: a minute")
            with tempfile.TemporaryDirectory(dir=buildah.folder) as folder:
                root = Path(folder) / "root"
                _debootstrap(root)
                _slim(root)
                buildah.add_root(root, BASE)
    return BASE


def _debootstrap(root: Path) -> None:
    # Its mounts go with the namespace, however it ends.
    command = ["unshare", "--mount", "debootstrap", "--variant=minbase", SUITE, str(root), *_mirror()]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise ImageError("debootstrap failed.\n" + "\n".join(done.stdout.splitlines()[-20:]))


def _mirror() -> list[str]:
    """Return the mirror that this machine's apt has; none where it is no Debian, and debootstrap knows one itself."""
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)"]
    filters = ["Created-By: Packages", "Origin: Debian", "Label: Debian"]
    said = subprocess.run([*command, *filters], capture_output=True, text=True, check=False)
    return said.stdout.split()[:1] if said.returncode == 0 else []


def _slim(root: Path) -> None:
    for path in _NOT_IN_SLIM:
        for entry in (root / path).iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
    for page in (root / "usr/share/doc").rglob("*"):
        if page.is_file() and page.name != "copyright":
            page.unlink()
