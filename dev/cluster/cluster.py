"""A whole development cluster: control plane and node, started and stopped together."""

import json
import os
import shutil
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from filelock import FileLock, Timeout

from dev.cluster.binary import Report, control_plane_binary
from dev.cluster.control_plane import ControlPlane, Pki, create_pki
from dev.cluster.kubeconfig import write_kubeconfig
from dev.cluster.node.credentials import Credentials
from dev.cluster.node.options import NodeOptions
from dev.cluster.node.settings import NodeSettings, write_settings
from dev.cluster.processes import Child, free_port

DEFAULT_FOLDER = Path("build/cluster")
_REPOSITORY = Path(__file__).parents[2]
_STATE = ("etcd", "pki", "pods")
_RESULTS = ("logs", "volumes")
_READY_WITHIN_SECONDS = 60.0
_POLL_SECONDS = 0.1
_NODE_GRACE_SECONDS = 5.0


class ClusterError(RuntimeError):
    """The cluster cannot be started; the message says why and what would help."""


class Cluster:
    """A cluster in one folder, as a context manager; everything it starts dies with this process at the latest.

    folder: gets `kubeconfig`, `bin/kubectl`, `logs`, `volumes` and the cluster's state; what an earlier cluster left
    there is removed at the start. report: is told each step, one line at a time.
    """

    def __init__(
        self, folder: Path = DEFAULT_FOLDER, options: NodeOptions | None = None, report: Report = print
    ) -> None:
        self.folder = folder.absolute()
        self.options = options or NodeOptions()
        self._report = report
        self._lock = FileLock(self.folder / "lock")
        self._control_plane: ControlPlane | None = None
        self._node: Child | None = None
        self._settings = self.folder / "node.json"

    @property
    def kubeconfig(self) -> Path:
        """A kubeconfig for an administrator of the cluster."""
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

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start everything, and return when pods can be created and will be scheduled.

        Raises ClusterError, ChildDied or TimeoutError with what is wrong; then nothing is left running.
        """
        _check_programs(self.options)
        binary = control_plane_binary(self._report)
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise ClusterError(f"A cluster is running in {self.folder}: stop it, or choose another folder.") from None
        (self.folder / "pid").write_text(str(os.getpid()))
        try:
            self._start(binary)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop everything; pods' processes are killed. Logs and volumes stay until the next start."""
        if self._node:
            self._node.stop(_NODE_GRACE_SECONDS)
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

    def kill_node(self) -> None:
        """Kill the node's process as a crash would, and with it all its pods' processes."""
        if self._node:
            self._node.kill()
            self._node = None

    def start_node(self) -> None:
        """Start the node's process, for the first time or after `kill_node`."""
        command = [sys.executable, "-m", "dev.cluster.node", str(self._settings)]
        env = {**os.environ, "PYTHONPATH": str(_REPOSITORY)}
        self._node = Child("node", command, self.folder / "logs" / "node.log", env)

    def _start(self, binary: Path) -> None:
        started = time.monotonic()
        self._remove(*_STATE, *_RESULTS)
        _link(self.kubectl, binary)
        pki = create_pki(self.folder / "pki")
        self._report("cluster: starting etcd, API server, controller manager and scheduler")
        self._control_plane = ControlPlane(binary, self.folder, pki)
        self._control_plane.start()
        self._report(f"cluster: starting node {self.options.name}")
        credentials = Credentials(pki.authority, pki.admin)
        server = self._control_plane.server
        write_settings(self._settings, NodeSettings(server, credentials, self.folder, free_port(), self.options))
        self.start_node()
        self._await_usable(server, pki)
        write_kubeconfig(self.kubeconfig, server, pki.authority, pki.admin)
        self._report(f"cluster: ready after {time.monotonic() - started:.1f} s; kubeconfig {self.kubeconfig}")

    def _remove(self, *names: str) -> None:
        self.kubeconfig.unlink(missing_ok=True)
        for name in names:
            shutil.rmtree(self.folder / name, ignore_errors=True)

    def _await_usable(self, server: str, pki: Pki) -> None:
        """Wait until the node takes pods, and the default service account exists, without which no pod is admitted."""
        get = _getter(server, pki)
        limit = time.monotonic() + _READY_WITHIN_SECONDS
        while not (
            _takes_pods(get(f"/api/v1/nodes/{self.options.name}"))
            and get("/api/v1/namespaces/default/serviceaccounts/default")
        ):
            self.check()
            if time.monotonic() > limit:
                raise TimeoutError(f"node {self.options.name} was not ready in {_READY_WITHIN_SECONDS:.0f} s")
            time.sleep(_POLL_SECONDS)


def missing_programs() -> list[str]:
    """Say which system programs are missing, each with the command that installs it."""
    packages = {"bwrap": "bubblewrap", "setpriv": "util-linux", "nsenter": "util-linux"}
    return [
        f"`{program}` is missing: run `apt-get install {package}`."
        for program, package in packages.items()
        if shutil.which(program) is None
    ]


def _check_programs(options: NodeOptions) -> None:
    problems = missing_programs()
    problems += [
        f"The folder {folder} of image {name} does not exist."
        for name, folder in options.images.items()
        if not folder.is_dir()
    ]
    if problems:
        raise ClusterError(" ".join(problems))


def _link(link: Path, target: Path) -> None:
    link.parent.mkdir(exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(target)


def _getter(server: str, pki: Pki) -> Callable[[str], dict[str, Any] | None]:
    context = ssl.create_default_context(cafile=str(pki.authority))
    context.load_cert_chain(pki.admin.certificate, pki.admin.key)

    def get(path: str) -> dict[str, Any] | None:
        try:
            with urllib.request.urlopen(server + path, context=context, timeout=10) as response:
                found: dict[str, Any] = json.load(response)
                return found
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
            return None

    return get


def _takes_pods(node: dict[str, Any] | None) -> bool:
    if node is None:
        return False
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in node["status"].get("conditions", ()))
    return ready and not node["spec"].get("taints")
