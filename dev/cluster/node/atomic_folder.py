"""A folder whose files change all at once, by the symbolic links that a kubelet uses for ConfigMaps and Secrets.

`name -> ..data/name`, and `..data -> ..<timestamp>`: a reader sees the old files or the new ones, never a mix.
"""

import shutil
import time
from collections.abc import Mapping
from pathlib import Path

_CURRENT = "..data"


def replace_content(folder: Path, files: Mapping[str, bytes]) -> bool:
    """Make `files` (relative path -> content) the content of the folder; return whether anything changed."""
    current = folder / _CURRENT
    stale = current.resolve() if current.exists() else None
    if stale and _read(stale) == dict(files):
        return False
    fresh = folder / f"..{time.time_ns()}"
    for name, data in files.items():
        path = fresh / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    fresh.mkdir(exist_ok=True)
    link = folder / "..data_tmp"
    link.symlink_to(fresh.name)
    link.rename(current)
    _link_visible_names(folder, {name.split("/")[0] for name in files})
    if stale:
        shutil.rmtree(stale)
    return True


def _read(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _link_visible_names(folder: Path, names: set[str]) -> None:
    for path in folder.iterdir():
        if not path.name.startswith("..") and path.name not in names:
            path.unlink()
    for name in names:
        link = folder / name
        if not link.is_symlink():
            link.symlink_to(f"{_CURRENT}/{name}")
