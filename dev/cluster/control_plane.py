"""etcd, API server, controller manager and scheduler as processes on loopback ports, without root."""

import ssl
import time
import urllib.request
from dataclasses import dataclass
from enum import StrEnum
from http.client import HTTPException
from pathlib import Path

from dev.cluster.certificates import CertificateAuthority, KeyPair, write_signing_key
from dev.cluster.kubeconfig import write_kubeconfig
from dev.cluster.processes import Child, free_port

_READY_WITHIN_SECONDS = 180.0
_POLL_SECONDS = 0.1
_STOP_GRACE_SECONDS = 2.0
_AUDIT_POLICY = Path(__file__).with_name("audit-policy.yaml")


@dataclass(frozen=True)
class Pki:
    """The files with which the programs of one cluster recognise each other."""

    authority: Path
    server: KeyPair
    admin: KeyPair
    controller_manager: KeyPair
    scheduler: KeyPair
    signing_key: Path


def create_pki(folder: Path) -> Pki:
    """Issue all certificates of a cluster into `folder`."""
    authority = CertificateAuthority(folder)
    signing_key = folder / "service-account.key"
    write_signing_key(signing_key)
    return Pki(
        authority=authority.certificate,
        server=authority.issue("server", "kubernetes"),
        admin=authority.issue("admin", "admin", "system:masters"),
        controller_manager=authority.issue("controller-manager", "system:kube-controller-manager"),
        scheduler=authority.issue("scheduler", "system:kube-scheduler"),
        signing_key=signing_key,
    )


class Program(StrEnum):
    """The programs of a control plane, by the names of their commands."""

    ETCD = "etcd"
    API_SERVER = "kube-apiserver"
    CONTROLLER_MANAGER = "kube-controller-manager"
    SCHEDULER = "kube-scheduler"


_READY_PATHS = {
    Program.API_SERVER: "/readyz",
    Program.CONTROLLER_MANAGER: "/healthz",
    Program.SCHEDULER: "/readyz",
}


class ControlPlane:
    """The four programs, started in order; each is ready before the next one needs it."""

    def __init__(self, binary: Path, folder: Path, pki: Pki) -> None:
        self._binary = binary
        self._folder = folder
        self._pki = pki
        self._ports = {
            name: free_port()
            for name in ("etcd", "peer", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
        }
        self._children: dict[Program, Child] = {}

    @property
    def server(self) -> str:
        """The URL of the API server."""
        return f"https://127.0.0.1:{self._ports['kube-apiserver']}"

    @property
    def etcd(self) -> str:
        """The URL of etcd, which knows the API server's administrator by the same certificate."""
        return f"https://127.0.0.1:{self._ports['etcd']}"

    def start(self) -> None:
        """Start the programs and wait until each says that it is ready.

        Raises ChildDied when one ends, and TimeoutError when one is not ready within two minutes.
        """
        self._launch(Program.ETCD)
        self._launch(Program.API_SERVER)
        self._await_ready(Program.API_SERVER)
        self._launch(Program.CONTROLLER_MANAGER)
        self._launch(Program.SCHEDULER)
        self._await_ready(Program.CONTROLLER_MANAGER)
        self._await_ready(Program.SCHEDULER)

    def kill(self, program: Program) -> None:
        """Kill a program as a crash would. What it has written to the disk stays."""
        self._children.pop(program).kill()

    def start_again(self, program: Program) -> None:
        """Start a program that was killed, on the data and the port that it had, and wait until the API server answers.

        Raises:
            ChildDied: a program ended.
            TimeoutError: not within two minutes.
        """
        self._launch(program)
        self._await_ready(Program.API_SERVER)
        if program is not Program.ETCD:
            self._await_ready(program)

    def check(self) -> None:
        """Raise ChildDied when one of the programs has ended, unless it was killed by `kill`."""
        for child in self._children.values():
            child.check()

    def stop(self) -> None:
        """End the programs, the last one started first."""
        for child in reversed(self._children.values()):
            child.stop(_STOP_GRACE_SECONDS)
        self._children.clear()

    def _launch(self, program: Program) -> None:
        flags = {
            Program.ETCD: self._etcd_flags,
            Program.API_SERVER: self._api_server_flags,
            Program.CONTROLLER_MANAGER: self._controller_manager_flags,
            Program.SCHEDULER: self._scheduler_flags,
        }[program]()
        command = [str(self._binary), program, *(f"--{flag}={value}" for flag, value in flags.items())]
        log = self._folder / "logs" / "control-plane" / f"{program}.log"
        self._children[program] = Child(program, command, log)

    def _await_ready(self, program: Program) -> None:
        name, path = program.value, _READY_PATHS[program]
        context = ssl.create_default_context(cafile=str(self._pki.authority))
        url = f"https://127.0.0.1:{self._ports[name]}{path}"
        limit = time.monotonic() + _READY_WITHIN_SECONDS
        while True:
            self.check()
            try:
                with urllib.request.urlopen(url, context=context, timeout=5):
                    return
            except (OSError, HTTPException) as problem:
                if time.monotonic() > limit:
                    raise TimeoutError(f"{name} was not ready in {_READY_WITHIN_SECONDS:.0f} s: {problem}") from problem
            time.sleep(_POLL_SECONDS)

    def _etcd_flags(self) -> dict[str, str]:
        client, peer = (f"https://127.0.0.1:{self._ports[name]}" for name in ("etcd", "peer"))
        return {
            "data-dir": str(self._folder / "etcd"),
            "unsafe-no-fsync": "true",
            "listen-client-urls": client,
            "advertise-client-urls": client,
            "listen-peer-urls": peer,
            "initial-advertise-peer-urls": peer,
            "initial-cluster": f"default={peer}",
            "client-cert-auth": "true",
            "trusted-ca-file": str(self._pki.authority),
            "cert-file": str(self._pki.server.certificate),
            "key-file": str(self._pki.server.key),
            "peer-client-cert-auth": "true",
            "peer-trusted-ca-file": str(self._pki.authority),
            "peer-cert-file": str(self._pki.server.certificate),
            "peer-key-file": str(self._pki.server.key),
            "log-level": "warn",
        }

    def _api_server_flags(self) -> dict[str, str]:
        return {
            **self._serving_flags("kube-apiserver"),
            # A loopback address is refused as an endpoint of the `kubernetes` service: so no one writes it there.
            "advertise-address": "127.0.0.1",
            "endpoint-reconciler-type": "none",
            "etcd-servers": f"https://127.0.0.1:{self._ports['etcd']}",
            "etcd-cafile": str(self._pki.authority),
            "etcd-certfile": str(self._pki.admin.certificate),
            "etcd-keyfile": str(self._pki.admin.key),
            "authorization-mode": "RBAC",
            "audit-policy-file": str(_AUDIT_POLICY),
            "audit-log-path": str(self._folder / "logs" / "control-plane" / "audit.jsonl"),
            "client-ca-file": str(self._pki.authority),
            "kubelet-certificate-authority": str(self._pki.authority),
            "kubelet-client-certificate": str(self._pki.admin.certificate),
            "kubelet-client-key": str(self._pki.admin.key),
            "kubelet-preferred-address-types": "InternalIP",
            "service-cluster-ip-range": "10.0.0.0/24",
            "service-account-issuer": "https://kubernetes.default.svc",
            "service-account-key-file": str(self._pki.signing_key),
            "service-account-signing-key-file": str(self._pki.signing_key),
            # One small cluster with few, trusted and bursty clients: no queues for fairness between them.
            "enable-priority-and-fairness": "false",
            "profiling": "false",
        }

    def _controller_manager_flags(self) -> dict[str, str]:
        return {
            **self._serving_flags("kube-controller-manager"),
            **self._client_flags("controller-manager", self._pki.controller_manager),
            "service-account-private-key-file": str(self._pki.signing_key),
            "root-ca-file": str(self._pki.authority),
            "use-service-account-credentials": "true",
        }

    def _scheduler_flags(self) -> dict[str, str]:
        return {
            **self._serving_flags("kube-scheduler"),
            **self._client_flags("scheduler", self._pki.scheduler),
        }

    def _serving_flags(self, name: str) -> dict[str, str]:
        return {
            "bind-address": "127.0.0.1",
            "secure-port": str(self._ports[name]),
            "tls-cert-file": str(self._pki.server.certificate),
            "tls-private-key-file": str(self._pki.server.key),
        }

    def _client_flags(self, name: str, identity: KeyPair) -> dict[str, str]:
        path = self._pki.authority.parent / f"{name}.kubeconfig"
        return {
            "kubeconfig": str(write_kubeconfig(path, self.server, self._pki.authority, identity)),
            "leader-elect": "false",
            "kube-api-qps": "200",
            "kube-api-burst": "400",
        }
