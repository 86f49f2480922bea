"""Runs an image as a Pod Security level of `restricted` has it: no root, nothing to write but /tmp, no capability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from dev.image.buildah import Config


def command_in(
    root: Path,
    config: Config,
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
    read: Mapping[Path, str] | None = None,
) -> list[str]:
    """Return the command line, for root, that runs a command in an image's files by its configuration.

    The network is this machine's, and so are the resolver and the names of hosts.

    Args:
        root: where the image is mounted.
        command: with its arguments; instead of the image's entrypoint.
        environment: beside the image's own.
        read: files of this machine, and where the command finds them.
    """
    user, _, group = config.user.partition(":")
    shown = {Path("/etc/resolv.conf"): "/etc/resolv.conf", Path("/etc/hosts"): "/etc/hosts", **(read or {})}
    return [
        *("bwrap", "--die-with-parent", "--new-session", "--unshare-ipc", "--unshare-uts", "--unshare-pid"),
        *("--as-pid-1", "--clearenv"),
        *("--ro-bind", str(root), "/", "--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--tmpfs", "/tmp"),
        *(word for here, there in shown.items() for word in ("--ro-bind", str(here), there)),
        *(word for item in {**config.environment, **(environment or {})}.items() for word in ("--setenv", *item)),
        *("--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_SETPCAP", "--chdir", "/"),
        *("--", "/usr/bin/setpriv", "--reuid", user, "--regid", group, "--clear-groups", "--no-new-privs"),
        *("--bounding-set=-all", "--inh-caps=-all", "--"),
        *command,
    ]
