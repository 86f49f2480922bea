"""From a container's declaration to what is started: command, environment, mounts."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dev.cluster.node.api import JsonObject
from dev.cluster.node.environment import ConfigMissing, container_environment, expand
from dev.cluster.node.options import NodeOptions
from dev.cluster.node.process import StartFailed
from dev.cluster.node.sandbox import Mount
from dev.cluster.node.services import NodeServices

GPU = "nvidia.com/gpu"
_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_READ_ONLY_VOLUMES = ("configMap", "secret", "downwardAPI", "projected")


class NotLaunchable(Exception):
    """The container cannot start now, but may later; `reason` is the one that a kubelet gives while it waits."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class Launch:
    """All that is needed to start a container once."""

    command: list[str]
    environment: dict[str, str]
    working_directory: str
    mounts: list[Mount]
    image: Path
    termination_file: Path


async def prepare_launch(
    pod: JsonObject, declared: JsonObject, volumes: Mapping[str, Path], services: NodeServices
) -> Launch:
    """Work out how to start a container of `pod`, whose status already has its addresses.

    Raises NotLaunchable while something is missing, and StartFailed when the declaration can never be started.
    """
    options = services.options
    image = _image_folder(declared["image"], options)
    base = {
        "PATH": f"{image / 'bin'}:{_SYSTEM_PATH}",
        "HOME": "/tmp",
        "HOSTNAME": pod["spec"].get("hostname") or pod["metadata"]["name"],
        **services.service_environment,
        **(options.gpu_env if _wants_gpu(declared) else {}),
    }
    try:
        environment = await container_environment(pod, declared, base, services.sources)
    except ConfigMissing as problem:
        raise NotLaunchable("CreateContainerConfigError", str(problem)) from problem
    except ValueError as problem:
        raise StartFailed(str(problem)) from problem
    termination_file = services.pod_folder(pod) / "termination" / declared["name"]
    termination_file.parent.mkdir(parents=True, exist_ok=True)
    termination_file.write_bytes(b"")
    return Launch(
        command=_command(declared, environment),
        environment=environment,
        working_directory=declared.get("workingDir") or "/",
        mounts=[
            *_volume_mounts(pod, declared, volumes, environment),
            *(_gpu_mounts(options) if _wants_gpu(declared) else ()),
            Mount(termination_file, declared["terminationMessagePath"]),
        ],
        image=image,
        termination_file=termination_file,
    )


def _image_folder(name: str, options: NodeOptions) -> Path:
    repository = name.split("@")[0]
    if ":" in repository.rpartition("/")[2]:
        repository = repository.rpartition(":")[0]
    folder = options.images.get(name) or options.images.get(repository)
    if folder is None:
        known = ", ".join(sorted(options.images)) or "none"
        message = f'the node has no folder for image "{name}" (known images: {known}): map it by --image {name}=FOLDER'
        raise NotLaunchable("ErrImageNeverPull", message)
    return folder


def _wants_gpu(declared: JsonObject) -> bool:
    return GPU in declared.get("resources", {}).get("limits", {})


def _command(declared: JsonObject, environment: Mapping[str, str]) -> list[str]:
    words = [expand(word, environment) for word in [*declared.get("command", ()), *declared.get("args", ())]]
    if not declared.get("command"):
        raise StartFailed(
            f"container {declared['name']}: an image of the process node is a folder without an entrypoint"
            ": set `command`"
        )
    if "/" not in words[0] and shutil.which(words[0], path=environment["PATH"]) is None:
        raise StartFailed(f'exec: "{words[0]}": executable file not found in $PATH')
    return words


def _volume_mounts(
    pod: JsonObject, declared: JsonObject, volumes: Mapping[str, Path], environment: Mapping[str, str]
) -> list[Mount]:
    kinds = {volume["name"]: volume.keys() for volume in pod["spec"].get("volumes", ())}
    mounts = []
    for mount in declared.get("volumeMounts", ()):
        source = volumes[mount["name"]]
        fixed = any(kind in kinds[mount["name"]] for kind in _READ_ONLY_VOLUMES)
        if sub_path := mount.get("subPath") or expand(mount.get("subPathExpr", ""), environment):
            source = _inside(source, sub_path, create=not fixed)
        mounts.append(Mount(source, mount["mountPath"], read_only=fixed or mount.get("readOnly", False)))
    return mounts


def _inside(volume: Path, sub_path: str, create: bool) -> Path:
    path = Path(os.path.realpath(volume / sub_path))
    if not path.is_relative_to(os.path.realpath(volume)):
        raise StartFailed(f"subPath {sub_path} leads out of its volume")
    if create and not path.exists():
        path.mkdir(parents=True)
    return path


def _gpu_mounts(options: NodeOptions) -> list[Mount]:
    return [Mount(mount.host, mount.path, devices=True) for mount in options.gpu_mounts]
