"""The bubblewrap command line that gives a container its own root, process tree and volumes.

The host's top-level folders are visible read-only; /dev, /proc and /tmp are the container's own; mounts appear at
their paths. The main process is PID 1 of its own PID namespace, as in a container runtime: it gets SIGTERM only if it
handles it, and when it ends the kernel kills whatever it has started.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

_OWN = ("dev", "proc", "tmp")
_DEVICES = ("full", "null", "random", "urandom", "zero")


@dataclass(frozen=True)
class Mount:
    """A host folder or file that a container sees at `path`."""

    source: Path
    path: str
    read_only: bool = False
    devices: bool = False


def bwrap_command(
    mounts: Sequence[Mount], visible: Iterable[Path], working_directory: str, status_fd: int, command: Sequence[str]
) -> list[str]:
    """Return the command that runs `command` in a sandbox.

    visible: host folders that must be readable at their own path, even under /tmp. status_fd: where bubblewrap
    writes the process id as JSON.
    """
    return [
        "bwrap",
        *_root_arguments(mounts),
        *_mount_arguments(mounts),
        *_visible_arguments(visible),
        "--unshare-pid",
        "--as-pid-1",
        "--die-with-parent",
        "--json-status-fd",
        str(status_fd),
        "--chdir",
        working_directory,
        "--",
        *command,
    ]


def _root_arguments(mounts: Sequence[Mount]) -> list[str]:
    places = [PurePosixPath(os.path.realpath(mount.path)) for mount in mounts]
    arguments = [*_device_arguments(), "--proc", "/proc", "--perms", "1777", "--tmpfs", "/tmp"]
    for entry in sorted(Path("/").iterdir()):
        if entry.name not in _OWN:
            arguments += _host_entry(entry, places)
    return arguments


def _device_arguments() -> list[str]:
    # Not --dev: its terminals need a second user namespace, into which probes of an ordinary user could not follow.
    arguments = ["--tmpfs", "/dev", "--perms", "1777", "--tmpfs", "/dev/shm"]
    for device in _DEVICES:
        arguments += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        arguments += ["--symlink", f"/proc/self/fd/{number}", f"/dev/{name}"]
    return [*arguments, "--symlink", "/proc/self/fd", "/dev/fd"]


def _host_entry(entry: Path, places: Sequence[PurePosixPath]) -> list[str]:
    """Show a host entry read-only; a folder in which a mount point is missing is rebuilt, so that it can be made."""
    if entry.is_symlink():
        return ["--symlink", str(entry.readlink()), str(entry)]
    inside = [place for place in places if PurePosixPath(entry) in place.parents]
    if not any(not os.path.lexists(place) for place in inside):
        return ["--ro-bind", str(entry), str(entry)]
    arguments = ["--dir", str(entry)]
    for child in sorted(entry.iterdir()):
        arguments += _host_entry(child, inside)
    return arguments


def _visible_arguments(folders: Iterable[Path]) -> list[str]:
    """Show what the pod's /tmp would hide; with its neighbours, to which an environment may refer."""
    tops = sorted({Path(*folder.parts[:3]) for folder in folders if folder.is_relative_to("/tmp")})
    return [word for top in tops for word in ("--ro-bind", str(top), str(top))]


def _mount_arguments(mounts: Sequence[Mount]) -> list[str]:
    """Bind the mounts, the outer ones before those inside them."""
    arguments = []
    for mount in sorted(mounts, key=lambda mount: len(PurePosixPath(mount.path).parts)):
        option = "--ro-bind" if mount.read_only else "--dev-bind" if mount.devices else "--bind"
        arguments += [option, str(mount.source), _place(mount.path)]
    return arguments


def _place(path: str) -> str:
    own = PurePosixPath(path).parts[1:2]
    return path if own and own[0] in _OWN else os.path.realpath(path)
