"""The node of a cluster as a child process that can be killed and started again."""

import json
import os
import ssl
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from dev.cluster.control_plane import Pki
from dev.cluster.node.credentials import Credentials
from dev.cluster.node.options import NodeOptions
from dev.cluster.node.settings import NodeSettings, write_settings
from dev.cluster.processes import Child, free_port

_REPOSITORY = Path(__file__).parents[2]
_READY_WITHIN_SECONDS = 180.0
_POLL_SECONDS = 0.1
_GRACE_SECONDS = 5.0


class NodeProcess:
    """Runs `python -m dev.cluster.node` against the API server at `server`, with its files in the cluster's folder."""

    def __init__(self, folder: Path, server: str, pki: Pki) -> None:
        self._folder = folder
        self._server = server
        self._pki = pki
        self._child: Child | None = None

    def start(self, options: NodeOptions) -> None:
        """Start the process, and return when pods can be created and will be scheduled to it.

        Raises ChildDied when it ends, and TimeoutError when it is not ready within two minutes.
        """
        credentials = Credentials(self._pki.authority, self._pki.admin)
        port = free_port()
        path = self._folder / "node.json"
        write_settings(path, NodeSettings(self._server, credentials, self._folder, port, options))
        self._child = Child(
            "node",
            [sys.executable, "-m", "dev.cluster.node", str(path)],
            self._folder / "logs" / "node.log",
            {**os.environ, "PYTHONPATH": str(_REPOSITORY)},
        )
        limit = time.monotonic() + _READY_WITHIN_SECONDS
        while not self._usable(options.name, port):
            self.check()
            if time.monotonic() > limit:
                raise TimeoutError(f"node {options.name} was not ready in {_READY_WITHIN_SECONDS:.0f} s")
            time.sleep(_POLL_SECONDS)

    def check(self) -> None:
        """Raise ChildDied when the process has ended by itself."""
        if self._child:
            self._child.check()

    def kill(self) -> None:
        """Kill the process as a crash would; the processes of its pods die with it."""
        if self._child:
            self._child.kill()
            self._child = None

    def stop(self) -> None:
        """End the process; the processes of its pods are killed."""
        if self._child:
            self._child.stop(_GRACE_SECONDS)
            self._child = None

    def _usable(self, name: str, port: int) -> bool:
        """Whether this very process takes pods; without its service account no pod is admitted either."""
        node = self._find(f"/api/v1/nodes/{name}")
        if node is None or self._find("/api/v1/namespaces/default/serviceaccounts/default") is None:
            return False
        status = node["status"]
        return (
            status["daemonEndpoints"]["kubeletEndpoint"]["Port"] == port
            and any(each["type"] == "Ready" and each["status"] == "True" for each in status["conditions"])
            and not node["spec"].get("taints")
        )

    def _find(self, path: str) -> dict[str, Any] | None:
        context = ssl.create_default_context(cafile=str(self._pki.authority))
        context.load_cert_chain(self._pki.admin.certificate, self._pki.admin.key)
        try:
            with urllib.request.urlopen(self._server + path, context=context, timeout=10) as response:
                found: dict[str, Any] = json.load(response)
                return found
        except urllib.error.HTTPError as error:
            if error.code not in (404, 500, 503):
                raise
            return None
        except OSError:  # an API server that has just come back, or has much to do, is asked again
            return None
