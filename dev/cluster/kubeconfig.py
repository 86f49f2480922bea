"""Kubeconfig files: where the API server is, whom to trust, and who one is."""

import base64
import json
from pathlib import Path

from dev.cluster.certificates import KeyPair


def write_kubeconfig(path: Path, server: str, authority: Path, client: KeyPair) -> Path:
    """Write a self-contained kubeconfig, for the owner's eyes only; JSON is YAML too."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": "dev", "cluster": {"server": server, "certificate-authority-data": _base64(authority)}},
        ],
        "users": [
            {
                "name": "dev",
                "user": {
                    "client-certificate-data": _base64(client.certificate),
                    "client-key-data": _base64(client.key),
                },
            }
        ],
        "contexts": [{"name": "dev", "context": {"cluster": "dev", "user": "dev", "namespace": "default"}}],
        "current-context": "dev",
    }
    path.touch(mode=0o600)
    path.write_text(json.dumps(config, indent=2) + "\n")
    return path


def _base64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
