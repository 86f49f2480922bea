"""The node's own objects: the Node with what it can allocate, and the Lease that says it is alive."""

import asyncio
import logging
import platform
from datetime import UTC, datetime

from dev.cluster.binary import KUBERNETES_VERSION
from dev.cluster.node.api import Api, ApiError, JsonObject
from dev.cluster.node.launch import GPU
from dev.cluster.node.options import NodeOptions
from dev.cluster.node.status import HOST_ADDRESS, timestamp

_LEASE_SECONDS = 40
_RENEWAL_SECONDS = 10.0
_LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure")

_log = logging.getLogger(__name__)


async def register(api: Api, options: NodeOptions, kubelet_port: int) -> None:
    """Create the Node object, or bring an older one of that name up to date."""
    node = _node(options, kubelet_port, datetime.now(UTC))
    try:
        await api.create("/api/v1/nodes", node)
    except ApiError as error:
        if error.code != 409:
            raise
        await api.patch(f"/api/v1/nodes/{options.name}/status", {"status": node["status"]})


async def keep_alive(api: Api, options: NodeOptions, kubelet_port: int) -> None:
    """Show for ever that the node lives: renew its lease, and be ready again where it was taken for lost.

    While no API server answers, no lease is renewed, and the node lifecycle controller then says that nothing is known
    of the node. Nobody but the node takes that back.
    """
    while True:
        try:
            await _renew_lease(api, options.name)
            if not await _is_ready(api, options.name):
                await register(api, options, kubelet_port)
        except ApiError as error:
            _log.warning("the node could not show that it lives: %s", error)
        await asyncio.sleep(_RENEWAL_SECONDS)


async def _renew_lease(api: Api, name: str) -> None:
    renewed = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    spec = {"holderIdentity": name, "leaseDurationSeconds": _LEASE_SECONDS, "renewTime": renewed}
    try:
        await api.patch(f"{_LEASES}/{name}", {"spec": spec})
    except ApiError as error:
        if error.code != 404:
            raise
        await api.create(_LEASES, {"metadata": {"name": name}, "spec": spec})


async def _is_ready(api: Api, name: str) -> bool:
    node = await api.get(f"/api/v1/nodes/{name}")
    return any(each["type"] == "Ready" and each["status"] == "True" for each in node["status"]["conditions"])


def _node(options: NodeOptions, kubelet_port: int, now: datetime) -> JsonObject:
    capacity = {"cpu": str(options.cpus), "memory": str(options.memory_bytes), "pods": str(options.pods)}
    if options.gpus:
        capacity[GPU] = str(options.gpus)
    architecture = _ARCHITECTURES.get(platform.machine(), platform.machine())
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": options.name,
            "labels": {
                "kubernetes.io/hostname": options.name,
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": architecture,
            },
        },
        "status": {
            "capacity": capacity,
            "allocatable": capacity,
            "addresses": [
                {"type": "InternalIP", "address": HOST_ADDRESS},
                {"type": "Hostname", "address": options.name},
            ],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": kubelet_port}},
            "nodeInfo": _node_info(architecture),
            "conditions": [
                _condition("Ready", "True", "ProcessNodeReady", "runs pods as local processes", now),
                *(_condition(kind, "False", "Unchecked", "not measured", now) for kind in _PRESSURES),
            ],
        },
    }


def _node_info(architecture: str) -> JsonObject:
    system = platform.freedesktop_os_release()
    return {
        "architecture": architecture,
        "operatingSystem": "linux",
        "osImage": system.get("PRETTY_NAME", "Linux"),
        "kernelVersion": platform.release(),
        "kubeletVersion": f"{KUBERNETES_VERSION}-process-node",
        "kubeProxyVersion": "",
        "containerRuntimeVersion": "bubblewrap://0",
        "machineID": "",
        "systemUUID": "",
        "bootID": "",
    }


def _condition(kind: str, status: str, reason: str, message: str, now: datetime) -> JsonObject:
    moment = timestamp(now)
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "lastHeartbeatTime": moment,
        "lastTransitionTime": moment,
    }
