"""What a pod may ask for on this node."""

from dev.cluster.node.api import JsonObject
from dev.cluster.node.volumes import unsupported_volumes


def unsupported(pod: JsonObject) -> str | None:
    """Say what the process node cannot do of what the pod asks for, or None when it can run it.

    Only what would change a pod's meaning is refused; README.md names what is ignored.
    """
    spec = pod["spec"]
    if volumes := unsupported_volumes(pod):
        return f"The process node does not support the kind of volume {', '.join(volumes)}."
    if any(init.get("restartPolicy") == "Always" for init in spec.get("initContainers", ())):
        return "The process node does not support sidecar containers (restartPolicy of an init container)."
    if any("lifecycle" in container for container in spec["containers"]):
        return "The process node does not support lifecycle hooks of containers."
    return None
