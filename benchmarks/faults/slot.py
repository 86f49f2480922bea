"""A place for runs on the cluster: a namespace, an operator of its own, and proxies before what both of them ask."""

from __future__ import annotations

import base64
import os
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.faults.proxy import FAIR, Proxy, s3_error
from dev.cluster import Cluster
from dev.cluster.kubectl import kubectl
from dev.cluster.processes import Child
from dev.installation import claim, operator_kubeconfig

CLAIM = "results"
CREDENTIALS = "storage"
IMAGE = "worker"
BUCKET = "faults"
AWS = {"AWS_ACCESS_KEY_ID": "faults", "AWS_SECRET_ACCESS_KEY": "faults", "AWS_DEFAULT_REGION": "us-east-1"}
"""What object storage is asked with."""

LIBFAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
_REPOSITORY = Path(__file__).parents[2]
_SOURCES = [str(_REPOSITORY / folder) for folder in ("", "contract", "operator", "worker_image")]
_STOP_SECONDS = 20.0


class Operator:
    """`ingestion-operator run` as a process that can be killed, put to sleep, and given another time."""

    def __init__(self, kubeconfig: Path, namespace: str, log: Path) -> None:
        self._kubeconfig = kubeconfig
        self._namespace = namespace
        self._log = log
        self._clock = log.with_suffix(".clock")
        self._child: Child | None = None

    def start(self, *, own_clock: bool = False) -> None:
        """Start it, if it does not run; with a clock of its own, `set_clock` may move that."""
        if self._child is not None:
            return
        program = Path(sys.executable).with_name("ingestion-operator")
        options = [
            "--worker-image",
            IMAGE,
            "--namespace",
            self._namespace,
            "--scrape-interval-seconds",
            "1",
            "--allow-network",
            "127.0.0.0/8",
        ]
        environment = {**os.environ, "KUBECONFIG": str(self._kubeconfig), "NO_PROXY": "127.0.0.1"}
        environment["PYTHONPATH"] = os.pathsep.join(_SOURCES)
        if own_clock:
            self.set_clock(0)
            environment |= {
                "LD_PRELOAD": str(LIBFAKETIME),
                "FAKETIME_TIMESTAMP_FILE": str(self._clock),
                "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            }
        self._child = Child("operator", [str(program), "run", *options], self._log, environment)

    def set_clock(self, seconds: float) -> None:
        """Let its clock be wrong by so many seconds from now on."""
        new = self._clock.with_suffix(".new")
        new.write_text(f"{seconds:+.0f}\n")
        new.replace(self._clock)

    def kill(self) -> None:
        """Kill it as the loss of its node would."""
        if self._child is not None:
            self._child.kill()
            self._child = None

    def sleep(self) -> None:
        """Stop it in the middle of whatever it does."""
        if self._child is not None:
            os.kill(self._child.pid, signal.SIGSTOP)

    def wake(self) -> None:
        """Let it go on."""
        if self._child is not None:
            os.kill(self._child.pid, signal.SIGCONT)

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        if self._child is not None:
            self._child.stop(_STOP_SECONDS)
            self._child = None

    def check(self) -> None:
        """Raise ChildDied when it has ended by itself."""
        if self._child is not None:
            self._child.check()


class Slot:
    """One run at a time; as a context manager, what it starts ends with it.

    storage: URL of an S3 server with the bucket `faults`, or None where no run needs one.
    """

    def __init__(self, cluster: Cluster, name: str, folder: Path, storage: str | None) -> None:
        self.cluster = cluster
        self.namespace = name
        self._stack = ExitStack()
        authority = cluster.folder / "pki" / "ca.crt"
        self.api = Proxy(cluster.control_plane.server, authority)
        self.storage = Proxy(storage, error=s3_error) if storage is not None else None
        self._folder = folder / name

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True)
        for proxy in filter(None, (self.api, self.storage)):
            self._stack.enter_context(proxy)
        kubectl(self.cluster, "create", "namespace", self.namespace)
        kubectl(self.cluster, "apply", "-f", "-", given=claim(CLAIM, self.namespace))
        if self.storage is not None:
            kubectl(self.cluster, "apply", "-f", "-", given=_credentials(self.namespace, self.storage.url))
        kubeconfig = operator_kubeconfig(self.cluster, self._folder / "kubeconfig", self.api.url)
        self.operator = Operator(kubeconfig, self.namespace, self._folder / "operator.log")
        self.second = Operator(kubeconfig, self.namespace, self._folder / "second.log")
        self._stack.callback(self.second.stop)
        self._stack.callback(self.operator.stop)
        self.operator.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def volume(self) -> Path:
        """The folder behind the claim of results."""
        return self.cluster.folder / "volumes" / self.namespace / CLAIM

    def clear_up(self) -> None:
        """Let everything be as it was before a fault."""
        for proxy in filter(None, (self.api, self.storage)):
            proxy.change(FAIR)
        self.second.stop()
        self.operator.wake()
        self.operator.start()
        self.operator.check()


def write_image(module: str = "benchmarks.faults.worker") -> Path:
    """Write a folder that stands for the worker's image, whose commands are a module's, and return it.

    It lies in the repository, which pods then see even where that is below /tmp.
    """
    folder = _REPOSITORY / "build" / "faults-image" / module
    (folder / "bin").mkdir(parents=True, exist_ok=True)
    script = folder / "bin" / "ingest"
    command = f'exec "{sys.executable}" -m {module} "$@"'
    script.write_text(f'#!/bin/sh\nPYTHONPATH="{os.pathsep.join(_SOURCES)}" {command}\n')
    script.chmod(0o755)
    return folder


def _credentials(namespace: str, endpoint: str) -> dict[str, object]:
    values = {**AWS, "AWS_ENDPOINT_URL": endpoint}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": CREDENTIALS, "namespace": namespace},
        "data": {name: base64.b64encode(value.encode()).decode() for name, value in values.items()},
    }
