"""What all pods of a node share."""

from dataclasses import dataclass
from pathlib import Path

from dev.cluster.node.addresses import AddressPool
from dev.cluster.node.api import Api, JsonObject
from dev.cluster.node.events import EventRecorder
from dev.cluster.node.logs import ContainerLogs
from dev.cluster.node.memory import MemoryGuard
from dev.cluster.node.options import NodeOptions
from dev.cluster.node.sources import ApiSources


@dataclass(frozen=True)
class NodeServices:
    """The node's options, its connections, and its folder (the cluster's)."""

    options: NodeOptions
    folder: Path
    logs: ContainerLogs
    api: Api
    sources: ApiSources
    events: EventRecorder
    memory: MemoryGuard
    addresses: AddressPool
    service_environment: dict[str, str]

    def pod_folder(self, pod: JsonObject) -> Path:
        """Where the node keeps a pod's files while it runs."""
        return self.folder / "pods" / str(pod["metadata"]["uid"])
