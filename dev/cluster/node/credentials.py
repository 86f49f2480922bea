"""Who the node is to the API server, and whom it trusts."""

from dataclasses import dataclass
from pathlib import Path

from dev.cluster.certificates import KeyPair


@dataclass(frozen=True)
class Credentials:
    """The cluster's certificate authority, and the certificate with which the node calls and serves."""

    authority: Path
    client: KeyPair
