"""`python -m dev.cluster`: a development cluster from the command line."""

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from dev.cluster.background import await_ready, is_running, start_in_background, stop_in_background
from dev.cluster.binary import control_plane_binary
from dev.cluster.cluster import DEFAULT_FOLDER, Cluster, ClusterError
from dev.cluster.node.options import GpuMount, NodeOptions
from dev.cluster.quantity import quantity


def _bytes(text: str) -> int:
    try:
        return int(quantity(text))
    except ValueError as problem:
        raise typer.BadParameter(f"{text!r} is no quantity such as 16Gi") from problem


app = typer.Typer(
    help="A development cluster on this machine: the real control plane of Kubernetes (etcd, API server, controller "
    "manager, scheduler) and a node that runs pods as local processes. No root, no containers, loopback only.",
    no_args_is_help=True,
    add_completion=False,
)

FolderOption = Annotated[Path, typer.Option("--dir", help="Folder for kubeconfig, bin/kubectl, logs and volumes.")]
CpusOption = Annotated[int | None, typer.Option(min=1, help="Allocatable CPUs; by default what the machine has.")]
MemoryOption = Annotated[
    int | None,
    typer.Option(parser=_bytes, metavar="QUANTITY", help="Allocatable memory, say 16Gi; by default the machine's."),
]
GpusOption = Annotated[int, typer.Option(min=0, help="Allocatable nvidia.com/gpu; time slices count one each.")]
ImageOption = Annotated[
    list[str] | None,
    typer.Option(
        "--image", metavar="NAME=FOLDER", help="Containers of image NAME find FOLDER/bin first on their PATH."
    ),
]
GpuEnvOption = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=VALUE", help="Environment of containers that ask for nvidia.com/gpu."),
]
GpuMountOption = Annotated[
    list[str] | None,
    typer.Option(metavar="HOST:PATH", help="Folder or device that containers that ask for nvidia.com/gpu see at PATH."),
]
RefreshOption = Annotated[
    float, typer.Option(min=0.1, help="Seconds until a changed ConfigMap reaches the volume of an untouched pod.")
]


@app.command()
def up(
    folder: FolderOption = DEFAULT_FOLDER,
    cpus: CpusOption = None,
    memory: MemoryOption = None,
    gpus: GpusOption = 0,
    image: ImageOption = None,
    gpu_env: GpuEnvOption = None,
    gpu_mount: GpuMountOption = None,
    config_refresh: RefreshOption = 60.0,
    detach: Annotated[bool, typer.Option("--detach", help="Return when it is ready; `down` stops it.")] = False,
) -> None:
    """Run a cluster until Ctrl-C, or in the background with --detach."""
    options = _options(cpus, memory, gpus, image, gpu_env, gpu_mount, config_refresh)
    cluster = Cluster(folder, options, typer.echo)
    if not detach:
        _run_until_interrupted(cluster)
        return
    if is_running(cluster.folder):
        typer.echo(f"cluster: already running in {cluster.folder}")
        await_ready(cluster.folder)
    else:
        cluster.check_preconditions()
        control_plane_binary(typer.echo)
        typer.echo(f"cluster: starting in the background, with its log in {cluster.folder / 'cluster.log'}")
        start_in_background(cluster.folder, [word for word in sys.argv[1:] if word != "--detach"])
    _explain(cluster)


@app.command()
def down(folder: FolderOption = DEFAULT_FOLDER) -> None:
    """Stop the cluster that runs in the folder; logs and volumes stay there to be looked at."""
    if is_running(folder.absolute()):
        stop_in_background(folder.absolute())
        typer.echo("cluster: stopped")
    else:
        typer.echo(f"cluster: none is running in {folder.absolute()}")


@app.command(context_settings={"ignore_unknown_options": True})
def run(
    command: Annotated[list[str], typer.Argument(help="The command and its arguments, after `--`.")],
    folder: FolderOption = DEFAULT_FOLDER,
    cpus: CpusOption = None,
    memory: MemoryOption = None,
    gpus: GpusOption = 0,
    image: ImageOption = None,
    gpu_env: GpuEnvOption = None,
    gpu_mount: GpuMountOption = None,
    config_refresh: RefreshOption = 60.0,
) -> None:
    """Run a command with KUBECONFIG set and kubectl on the PATH, in a cluster that lives as long as the command."""
    options = _options(cpus, memory, gpus, image, gpu_env, gpu_mount, config_refresh)
    with Cluster(folder, options, typer.echo) as cluster:
        code = subprocess.run(command, env=cluster.environment, check=False).returncode
    raise typer.Exit(code)


@app.command()
def build() -> None:
    """Build the control-plane binary into the cache, if it is not there, and print its path."""
    typer.echo(control_plane_binary(typer.echo))


def main() -> None:
    """Run the command line; problems that a person can mend are one sentence and exit code 1."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        app()
    except (RuntimeError, TimeoutError) as problem:
        sys.exit(f"error: {problem}")


def _run_until_interrupted(cluster: Cluster) -> None:
    try:
        with cluster:
            _explain(cluster)
            typer.echo("cluster: Ctrl-C stops it")
            while True:
                cluster.check()
                time.sleep(1)
    except KeyboardInterrupt:
        typer.echo("cluster: stopped")


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _options(
    cpus: int | None,
    memory: int | None,
    gpus: int,
    image: list[str] | None,
    gpu_env: list[str] | None,
    gpu_mount: list[str] | None,
    config_refresh: float,
) -> NodeOptions:
    defaults = NodeOptions()
    return NodeOptions(
        cpus=cpus or defaults.cpus,
        memory_bytes=memory or defaults.memory_bytes,
        gpus=gpus,
        images={name: Path(value).absolute() for name, value in _pairs("--image", image, "=")},
        gpu_env=dict(_pairs("--gpu-env", gpu_env, "=")),
        gpu_mounts=tuple(GpuMount(Path(host).absolute(), path) for host, path in _pairs("--gpu-mount", gpu_mount, ":")),
        config_refresh_seconds=config_refresh,
    )


def _pairs(option: str, values: list[str] | None, separator: str) -> list[tuple[str, str]]:
    pairs = []
    for value in values or ():
        name, found, rest = value.partition(separator)
        if not (name and found and rest):
            raise ClusterError(f"{option} {value}: two parts with `{separator}` between them are wanted.")
        pairs.append((name, rest))
    return pairs


def _explain(cluster: Cluster) -> None:
    typer.echo(f"kubectl:  {cluster.kubectl} --kubeconfig {cluster.kubeconfig} get nodes")
    typer.echo(f"or:       export KUBECONFIG={cluster.kubeconfig} PATH={cluster.kubectl.parent}:$PATH")


if __name__ == "__main__":
    main()
