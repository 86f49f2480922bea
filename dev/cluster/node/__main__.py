"""The node's process: `python -m dev.cluster.node SETTINGS`, started by the cluster; ends by a signal."""

import asyncio
import logging
import sys
from pathlib import Path
from urllib.parse import urlsplit

from dev.cluster.node.addresses import AddressPool
from dev.cluster.node.agent import Agent
from dev.cluster.node.api import Api
from dev.cluster.node.events import EventRecorder
from dev.cluster.node.kubelet_api import serve_kubelet_api
from dev.cluster.node.logs import ContainerLogs
from dev.cluster.node.memory import MemoryGuard
from dev.cluster.node.provisioner import FolderProvisioner
from dev.cluster.node.registration import keep_alive, register
from dev.cluster.node.services import NodeServices
from dev.cluster.node.settings import NodeSettings, read_settings
from dev.cluster.node.sources import ApiSources


async def run_node(settings: NodeSettings) -> None:
    """Register the node and run the pods that are given to it, until cancelled."""
    options = settings.options
    server = urlsplit(settings.server)
    async with Api(settings.server, settings.credentials) as api:
        services = NodeServices(
            options=options,
            folder=settings.folder,
            logs=ContainerLogs(settings.folder / "logs"),
            api=api,
            sources=ApiSources(api),
            events=EventRecorder(api, options.name),
            memory=MemoryGuard(),
            addresses=AddressPool(),
            service_environment={
                "KUBERNETES_SERVICE_HOST": str(server.hostname),
                "KUBERNETES_SERVICE_PORT": str(server.port),
                "KUBERNETES_SERVICE_PORT_HTTPS": str(server.port),
            },
        )
        provisioner = FolderProvisioner(api, settings.folder / "volumes")
        await provisioner.create_storage_class()
        async with (
            serve_kubelet_api(settings.kubelet_port, settings.credentials, services.logs),
            asyncio.TaskGroup() as group,
        ):
            await register(api, options, settings.kubelet_port)
            group.create_task(keep_alive(api, options, settings.kubelet_port))
            group.create_task(services.memory.run())
            group.create_task(provisioner.provision())
            group.create_task(provisioner.reclaim())
            group.create_task(Agent(services).run())


def main() -> None:
    """Run the node with the settings of the file named by the only argument."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settings = read_settings(Path(sys.argv[1]))
    asyncio.run(run_node(settings))


if __name__ == "__main__":
    main()
