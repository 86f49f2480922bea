"""etcd, API server, controller manager and scheduler as processes on loopback ports, without root."""

import ssl
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
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
        self._children: list[Child] = []

    @property
    def server(self) -> str:
        """The URL of the API server."""
        return f"https://127.0.0.1:{self._ports['kube-apiserver']}"

    def start(self) -> None:
        """Start the programs and wait until each says that it is ready.

        Raises ChildDied when one ends, and TimeoutError when one is not ready within a minute.
        """
        self._launch("etcd", self._etcd_flags())
        self._launch("kube-apiserver", self._api_server_flags())
        self._await_ready("kube-apiserver", "/readyz")
        self._launch("kube-controller-manager", self._controller_manager_flags())
        self._launch("kube-scheduler", self._scheduler_flags())
        self._await_ready("kube-controller-manager", "/healthz")
        self._await_ready("kube-scheduler", "/readyz")

    def check(self) -> None:
        """Raise ChildDied when one of the programs has ended."""
        for child in self._children:
            child.check()

    def stop(self) -> None:
        """End the programs, the last one started first."""
        for child in reversed(self._children):
            child.stop(_STOP_GRACE_SECONDS)
        self._children.clear()

    def _launch(self, name: str, flags: dict[str, str]) -> None:
        command = [str(self._binary), name, *(f"--{flag}={value}" for flag, value in flags.items())]
        self._children.append(Child(name, command, self._folder / "logs" / "control-plane" / f"{name}.log"))

    def _await_ready(self, name: str, path: str) -> None:
        context = ssl.create_default_context(cafile=str(self._pki.authority))
        url = f"https://127.0.0.1:{self._ports[name]}{path}"
        limit = time.monotonic() + _READY_WITHIN_SECONDS
        while True:
            self.check()
            try:
                with urllib.request.urlopen(url, context=context, timeout=5):
                    return
            except (urllib.error.URLError, TimeoutError) as problem:
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
