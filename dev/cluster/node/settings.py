"""Everything that a node's process is told, as one JSON file."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from dev.cluster.node.credentials import Credentials
from dev.cluster.node.options import NodeOptions


@dataclass(frozen=True)
class NodeSettings:
    """Where the API server is, who the node is to it, where its files go, and its options."""

    server: str
    credentials: Credentials
    folder: Path
    kubelet_port: int
    options: NodeOptions


def write_settings(path: Path, settings: NodeSettings) -> None:
    """Write the settings as JSON."""
    path.write_bytes(_SETTINGS.dump_json(settings, indent=2))


def read_settings(path: Path) -> NodeSettings:
    """Read what `write_settings` has written."""
    return _SETTINGS.validate_json(path.read_bytes())


_SETTINGS = TypeAdapter(NodeSettings)
