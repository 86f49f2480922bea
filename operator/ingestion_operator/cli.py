"""The command `ingestion-operator`."""

from __future__ import annotations

import asyncio
import logging
import os
from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated

import typer

from ingestion_operator.telemetry.server import CannotServe, Endpoint, address_of, with_brackets

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
    worker_fs_group: Annotated[
        str,
        typer.Option(
            metavar="GROUP|none",
            help="Group of the volumes of the workers' pods; none leaves it to the platform, as OpenShift wants it.",
        ),
    ] = "65532",
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
    record: Annotated[
        Path | None,
        typer.Option(
            envvar="INGESTION_RECORD",
            file_okay=False,
            help="Folder for every decision with what it was taken from, a file per run. Default: none is kept.",
        ),
    ] = None,
    liveness: Annotated[
        str | None, typer.Option(help="Serve liveness here, as in http://0.0.0.0:8080/healthz. Default: nowhere.")
    ] = None,
    metrics: Annotated[
        str | None, typer.Option(help="Serve metrics here, as in http://0.0.0.0:8081/metrics. Default: nowhere.")
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
    fs_group = _group(worker_fs_group)
    if record is not None:
        _make(record)
    metrics_endpoint = _endpoint(metrics) if metrics is not None else None
    liveness_endpoint = _liveness(liveness) if liveness is not None else None
    # kopf and the client take a second to import, which `--help` need not wait for.
    from kubernetes.aio.config import ConfigException

    from ingestion_operator import main
    from ingestion_operator.desired.pod_template import WorkerSettings, proxies
    from ingestion_operator.logs import set_up_logs
    from ingestion_operator.observe.recording import Recorder
    from ingestion_operator.reconciler import Settings

    set_up_logs(logging.getLevelNamesMapping()[log_level.upper()], json_lines=log_format is LogFormat.JSON)
    try:
        ways_out = proxies(os.environ)
    except ValueError as problem:
        typer.echo(f"error: {problem}", err=True)
        raise typer.Exit(2) from problem
    settings = Settings(
        workers=WorkerSettings(worker_image, worker_service_account, allow_networks, ways_out, fs_group),
        scrape_interval_seconds=scrape_interval_seconds,
        frozen=levers is Levers.FROZEN,
        recorder=Recorder(record) if record is not None else None,
    )
    try:
        asyncio.run(main.run(settings, namespace or [], liveness_endpoint, metrics_endpoint))
    except CannotServe as problem:
        typer.echo(f"error: {problem}", err=True)
        raise typer.Exit(1) from problem
    except ConfigException as problem:
        typer.echo(f"error: no cluster to serve: neither a pod's service account nor a kubeconfig: {problem}", err=True)
        raise typer.Exit(1) from problem


@app.command()
def replay(
    file: Annotated[
        Path,
        typer.Argument(exists=True, dir_okay=False, help="A file that `run --record` has written, or a .gz of it."),
    ],
) -> None:
    """Take recorded decisions again, and say what was changed and what would be decided otherwise now."""
    from ingestion_operator.observe.recording import read
    from ingestion_operator.replay import replay as replay_records

    decisions = differing = 0
    try:
        for replayed in replay_records(read(file)):
            decisions += 1
            differing += bool(replayed.differences)
            told = [replayed.told] if replayed.told is not None else []
            for line in (*told, *(f"DIFFERS: {difference}" for difference in replayed.differences)):
                typer.echo(f"{replayed.record.at:%Y-%m-%dT%H:%M:%SZ}  {line}")
    except (ValueError, OSError) as problem:
        typer.echo(f"error: {problem}", err=True)
        raise typer.Exit(1) from problem
    typer.echo(f"{decisions} decisions, {differing} of them different from what was recorded")
    if differing:
        raise typer.Exit(1)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise typer.BadParameter(f"{folder} cannot be made: {problem}", param_hint="--record") from problem


def _endpoint(url: str) -> Endpoint:
    try:
        return Endpoint.parse(url)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--metrics") from error


def _liveness(url: str) -> str:
    if address_of(url) is None:
        mend = "write it as http://0.0.0.0:8080/healthz"
        raise typer.BadParameter(f"{url} is no address for liveness: {mend}", param_hint="--liveness")
    return with_brackets(url)


def _group(text: str) -> int | None:
    if text == "none":
        return None
    if not text.isdecimal():
        raise typer.BadParameter(f"{text} is neither the number of a group nor `none`", param_hint="--worker-fs-group")
    return int(text)


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError as error:
        raise typer.BadParameter(f"{error}: write a network as 10.0.0.0/8", param_hint="--allow-network") from error
