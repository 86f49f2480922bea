"""What a person may choose about a node."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import psutil


@dataclass(frozen=True)
class GpuMount:
    """A host folder or device that the containers that ask for a GPU see at `path`."""

    host: Path
    path: str


@dataclass(frozen=True)
class NodeOptions:
    """The options of one process node.

    images: image name -> folder whose `bin` comes first on the PATH of the containers of that image.
    memory_bytes: allocatable memory; cpus and gpus: allocatable counts (a GPU shared by time slices counts as many).
    gpu_env, gpu_mounts: what containers that ask for `nvidia.com/gpu` get in addition, as from a device plugin.
    config_refresh_seconds: how long a changed ConfigMap or Secret takes to reach a volume when the pod is not touched.
    """

    name: str = "process-node"
    cpus: int = field(default_factory=lambda: os.cpu_count() or 1)
    memory_bytes: int = field(default_factory=lambda: psutil.virtual_memory().total)
    pods: int = 110
    gpus: int = 0
    images: dict[str, Path] = field(default_factory=dict)
    gpu_env: dict[str, str] = field(default_factory=dict)
    gpu_mounts: tuple[GpuMount, ...] = ()
    config_refresh_seconds: float = 60.0
