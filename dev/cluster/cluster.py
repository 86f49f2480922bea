"""A whole development cluster: control plane and node, started and stopped together."""

import os
import shutil
import time
from pathlib import Path
from typing import Self

from filelock import FileLock, Timeout

from dev.cluster.binary import control_plane_binary
from dev.cluster.control_plane import ControlPlane, create_pki
from dev.cluster.kubeconfig import write_kubeconfig
from dev.cluster.node.options import NodeOptions
from dev.cluster.node_process import NodeProcess
from dev.go_program import Report

DEFAULT_FOLDER = Path("build/cluster")
_STATE = ("etcd", "pki", "pods")
_RESULTS = ("logs", "volumes")
_BEFORE_THE_FIRST_START = {"lock", "cluster.log"}
_PACKAGES = {"bwrap": "bubblewrap", "setpriv": "util-linux", "nsenter": "util-linux"}


class ClusterError(RuntimeError):
    """The cluster cannot be started; the message says why and what would help."""


class Cluster:
    """A cluster in one folder, as a context manager; everything it starts dies with this process at the latest.

    folder: gets `kubeconfig`, `bin/kubectl`, `logs`, `volumes` and the cluster's state; what an earlier cluster left
    there is removed at the start. report: is told each step, one line at a time. Start it from the main thread: the
    kernel ties the processes to the thread that starts them.
    """

    def __init__(
        self, folder: Path = DEFAULT_FOLDER, options: NodeOptions | None = None, report: Report = print
    ) -> None:
        self.folder = folder.absolute()
        self.options = options or NodeOptions()
        self._report = report
        self._lock = FileLock(self.folder / "lock")
        self._control_plane: ControlPlane | None = None
        self._node: NodeProcess | None = None

    @property
    def kubeconfig(self) -> Path:
        """A kubeconfig for an administrator of the cluster; it exists while the cluster is ready."""
        return self.folder / "kubeconfig"

    @property
    def kubectl(self) -> Path:
        """A kubectl of the cluster's own version."""
        return self.folder / "bin" / "kubectl"

    @property
    def environment(self) -> dict[str, str]:
        """This process's environment, with the cluster's KUBECONFIG and its kubectl on the PATH."""
        path = f"{self.kubectl.parent}{os.pathsep}{os.environ.get('PATH', '')}"
        return {**os.environ, "KUBECONFIG": str(self.kubeconfig), "PATH": path}

    @property
    def control_plane(self) -> ControlPlane:
        """The programs of the control plane. Raises ClusterError when the cluster does not run."""
        if self._control_plane is None:
            raise ClusterError(f"No cluster is running in {self.folder}.")
        return self._control_plane

    @property
    def node(self) -> NodeProcess:
        """The node's process. Raises ClusterError when the cluster does not run."""
        if self._node is None:
            raise ClusterError(f"No cluster is running in {self.folder}.")
        return self._node

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start everything, and return when pods can be created and will be scheduled.

        Raises ClusterError, GoMissing, ChildDied or TimeoutError with what is wrong; then nothing is left running.
        """
        self.check_preconditions()
        binary = control_plane_binary(self._report)
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise ClusterError(f"A cluster is running in {self.folder}: stop it, or choose another folder.") from None
        try:
            self._start(binary)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop everything; pods' processes are killed. Logs and volumes stay until the next start."""
        if self._node:
            self._node.stop()
        if self._control_plane:
            self._control_plane.stop()
        self._node = self._control_plane = None
        self._remove(*_STATE)
        self._lock.release()

    def check(self) -> None:
        """Raise ChildDied when a process of the cluster has ended by itself."""
        if self._control_plane:
            self._control_plane.check()
        if self._node:
            self._node.check()

    def check_preconditions(self) -> None:
        """Raise ClusterError when a program is missing, or a folder of the options or the cluster's own is unfit."""
        problems = missing_programs()
        problems += [
            f"The folder {folder} of image {name} does not exist."
            for name, folder in self.options.images.items()
            if not folder.is_dir()
        ]
        problems += [
            f"{mount.host} of --gpu-mount does not exist."
            for mount in self.options.gpu_mounts
            if not mount.host.exists()
        ]
        there = {entry.name for entry in self.folder.iterdir()} if self.folder.is_dir() else set()
        if "pid" not in there and there - _BEFORE_THE_FIRST_START:
            problems.append(f"{self.folder} holds other things than a cluster: choose an empty or a new folder.")
        if problems:
            raise ClusterError(" ".join(problems))

    def _start(self, binary: Path) -> None:
        started = time.monotonic()
        self._remove(*_STATE, *_RESULTS)
        (self.folder / "pid").write_text(str(os.getpid()))
        (self.folder / "pods").mkdir(mode=0o700)  # mounted secrets lie there
        _link(self.kubectl, binary)
        pki = create_pki(self.folder / "pki")
        self._report("cluster: starting etcd, API server, controller manager and scheduler")
        self._control_plane = ControlPlane(binary, self.folder, pki)
        self._control_plane.start()
        self._report(f"cluster: starting node {self.options.name}")
        self._node = NodeProcess(self.folder, self._control_plane.server, pki)
        self._node.start(self.options)
        write_kubeconfig(self.kubeconfig, self._control_plane.server, pki.authority, pki.admin)
        self._report(f"cluster: ready after {time.monotonic() - started:.1f} s")

    def _remove(self, *names: str) -> None:
        self.kubeconfig.unlink(missing_ok=True)
        for name in names:
            shutil.rmtree(self.folder / name, ignore_errors=True)


def missing_programs() -> list[str]:
    """Say which system programs are missing, each with the command that installs it."""
    return [
        f"`{program}` is missing: run `apt-get install {package}`."
        for program, package in _PACKAGES.items()
        if shutil.which(program) is None
    ]


def _link(link: Path, target: Path) -> None:
    link.parent.mkdir(exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(target)
