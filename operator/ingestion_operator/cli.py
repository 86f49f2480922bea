"""The command `ingestion-operator`."""

from __future__ import annotations

import asyncio
import logging
import os
from enum import StrEnum
from ipaddress import ip_network
from typing import Annotated

import typer

app = typer.Typer(
    help="Drives IngestionRuns: lists their videos, runs GPU workers as Jobs, and keeps them within device memory.",
    no_args_is_help=True,
    add_completion=False,
)


class Levers(StrEnum):
    """Whether the operator moves levers."""

    ADAPT = "adapt"
    FROZEN = "frozen"


class LogFormat(StrEnum):
    """How log lines look."""

    PLAIN = "plain"
    JSON = "json"


class LogLevel(StrEnum):
    """How much is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@app.callback()
def _main() -> None:
    """Keep `run` a command of its own although it is the only one."""


@app.command()
def run(
    worker_image: Annotated[
        str, typer.Option(envvar="INGESTION_WORKER_IMAGE", help="Image of the worker, of the same release.")
    ],
    namespace: Annotated[
        list[str] | None,
        typer.Option(envvar="INGESTION_NAMESPACES", help="Namespace to serve; repeat for several. Default: all."),
    ] = None,
    worker_service_account: Annotated[
        str | None,
        typer.Option(help="Service account of the workers' pods; no token of it is mounted. Default: the namespace's."),
    ] = None,
    allow_network: Annotated[
        list[str] | None,
        typer.Option(
            help="A network as CIDR that workers may ask for videos, though it is not public; repeat for several."
        ),
    ] = None,
    scrape_interval_seconds: Annotated[
        float, typer.Option(min=0.5, max=300, help="How often the workers' metrics are read.")
    ] = 5.0,
    levers: Annotated[
        Levers, typer.Option(help="adapt: change parallelism and limits. frozen: only watch and report.")
    ] = Levers.ADAPT,
    liveness: Annotated[
        str | None, typer.Option(help="Serve liveness here, as in http://0.0.0.0:8080/healthz. Default: nowhere.")
    ] = None,
    log_format: Annotated[LogFormat, typer.Option(help="Form of the log lines.")] = LogFormat.PLAIN,
    log_level: Annotated[LogLevel, typer.Option(help="From which level on lines are logged.")] = LogLevel.INFO,
) -> None:
    """Watch IngestionRuns and drive them until stopped.

    Inside a cluster the pod's service account is used, elsewhere the kubeconfig ($KUBECONFIG). One operator per
    namespace at a time: run one replica with the strategy Recreate. It may be stopped or killed at any time; the next
    one goes on where it was.
    """
    allow_networks = tuple(map(_network, allow_network or ()))
    # kopf and the client take a second to import, which `--help` need not wait for.
    from kubernetes.aio.config import ConfigException

    from ingestion_operator import main
    from ingestion_operator.desired.pod_template import WorkerSettings, proxies
    from ingestion_operator.logs import set_up_logs
    from ingestion_operator.reconciler import Settings

    set_up_logs(logging.getLevelNamesMapping()[log_level.upper()], json_lines=log_format is LogFormat.JSON)
    settings = Settings(
        workers=WorkerSettings(worker_image, worker_service_account, allow_networks, proxies(os.environ)),
        scrape_interval_seconds=scrape_interval_seconds,
        frozen=levers is Levers.FROZEN,
    )
    try:
        asyncio.run(main.run(settings, namespace or [], liveness))
    except ConfigException as problem:
        typer.echo(f"error: no cluster to serve: neither a pod's service account nor a kubeconfig: {problem}", err=True)
        raise typer.Exit(1) from problem


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError as error:
        raise typer.BadParameter(f"{error}: write a network as 10.0.0.0/8", param_hint="--allow-network") from error
