"""Which addresses may be asked for videos."""

from __future__ import annotations

import os
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Self

from ingestion_contract import pod


@dataclass(frozen=True)
class AddressRules:
    """What is allowed beside public addresses: networks, and folders below which files may be read."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    folders: tuple[Path, ...] = ()

    @classmethod
    def from_environment(cls) -> Self:
        """Return the rules that the environment sets.

        Raises:
            ValueError: what it names is no network.
        """
        networks = os.environ.get(pod.ALLOW_NETWORKS, "").split()
        folders = os.environ.get(pod.ALLOW_FOLDERS, "").split()
        return cls(tuple(ip_network(network) for network in networks), tuple(Path(folder) for folder in folders))
