"""`ingest run`."""

from __future__ import annotations

import logging
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console

from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.spec import Captions, IndexType
from ingestion_worker.commands.options import AllowFolders, AllowNetworks, Verbose, address_rules, cookies
from ingestion_worker.commands.plainly import plainly
from ingestion_worker.conclusion import StepError
from ingestion_worker.telemetry.logs import set_up_logs
from ingestion_worker.text.words import printable

if TYPE_CHECKING:
    from ingestion_worker.local.display import Display
    from ingestion_worker.local.run import LocalRun, RunEnd


class CaptionsOption(StrEnum):
    """`spec.source.captions`, as one types it."""

    PREFER = "prefer"
    ONLY = "only"
    IGNORE = "ignore"


def run(
    urls: Annotated[
        list[str] | None,
        typer.Argument(metavar="URL...", help="Videos, playlists, channels, feeds, or files of this machine."),
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", help="The manifest that the operator takes, in place of URLs.")
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", help="Folder, or fsspec URL as s3://bucket/prefix. Default: ./ingested."),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Worker processes, at the most.")] = 1,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many videos.")] = None,
    captions: Annotated[
        CaptionsOption | None, typer.Option(help="Captions first; nothing but captions; or never captions.")
    ] = None,
    language: Annotated[
        list[str] | None, typer.Option(help="Language that is taken, in order of preference; repeat for several.")
    ] = None,
    asr_model: Annotated[str | None, typer.Option(help="Speech model for all languages.")] = None,
    embed_model: Annotated[str | None, typer.Option(help="Embedding model.")] = None,
    allow_network: AllowNetworks = None,
    allow_folder: AllowFolders = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say only how it ended.")] = False,
    verbose: Verbose = False,
) -> None:
    """List videos, ingest them, index them and report: a whole run on this machine, without a cluster.

    Options override the fields of a manifest. Ctrl-C commits what is finished; the same command goes on.

    Exit codes: 0 at least spec.objectives.minSuccessPercent of the videos are there; 1 fewer are, or something does not
    serve now; 64 the configuration cannot work; 69 this machine's GPU or installation is unusable; 75 the source blocks
    this address; 85 no room in device memory; 130 after Ctrl-C; 143 after SIGTERM.
    """
    if bool(urls) == bool(file):
        raise typer.BadParameter("give either URLs, or a manifest with -f")
    from ingestion_worker.device import detect
    from ingestion_worker.local import display as displays
    from ingestion_worker.local.interrupt import Interrupt
    from ingestion_worker.local.request import Options, from_file, from_urls, named_files
    from ingestion_worker.local.run import Here, LocalRun

    set_up_logs(verbose=False)
    logging.getLogger("ingestion_worker").setLevel(logging.WARNING)
    interrupt = Interrupt()
    interrupt.listen()
    options = Options(
        limit=limit,
        captions=Captions(captions.value.capitalize()) if captions is not None else None,
        languages=language or (),
        asr_model=asr_model,
        embed_model=embed_model,
    )
    with plainly():
        given, folders = named_files(urls or ())
        rules = address_rules(allow_network, [*(allow_folder or ()), *map(str, folders)])
        request = from_file(file, options, output) if file else from_urls(given, options, output, detect().compute)
        local = LocalRun(request, Here(workers, rules, cookies(), verbose), interrupt)
    _leave(_complete(local, displays.choose(Console(stderr=True, highlight=False), quiet, verbose)))


def _complete(local: LocalRun, shown: Display) -> int:
    """Take all steps, say how that has ended, and return the exit code."""
    from ingestion_worker.local.interrupt import Interrupted

    try:
        with shown:
            end = local.complete(shown)
    except Interrupted as error:
        code = error.exit_code
    except StepError as error:
        typer.echo(printable(str(error)), err=True)
        code = int(error.code)
    else:
        if end.counts is not None:
            return _tell(local, end)
        typer.echo(printable(end.work.sentence), err=True)
        code = end.work.code
    _say_how_to_go_on(local)
    return code


def _say_how_to_go_on(local: LocalRun) -> None:
    """Say what is there, unless the storage refuses or another signal comes, and the command that goes on."""
    from ingestion_worker.local.interrupt import Interrupted
    from ingestion_worker.local.summary import to_go_on, unfinished

    try:
        tally, total = local.tally()
        typer.echo(printable(unfinished(tally, total, local.store.uri)), err=True)
    except StepError as error:
        typer.echo(printable(f"What is there cannot be counted now: {error}"), err=True)
    except Interrupted:
        typer.echo("What is there was not counted.", err=True)
    typer.echo(to_go_on(["ingest", *sys.argv[1:]]), err=True)


def _tell(local: LocalRun, end: RunEnd) -> int:
    """Print the outcome, and return the exit code."""
    from ingestion_worker.local.summary import outcome, reached

    assert end.counts is not None
    least = end.run.spec.objectives.min_success_percent
    searchable = end.run.spec.output.index.type is not IndexType.NONE
    report = f"{local.store.uri}/{end.report}" if end.report else ""
    Console(highlight=False, soft_wrap=True).print(outcome(end.counts, least, local.store.uri, report, searchable))
    return int(ExitCode.DONE if reached(end.counts, least) else ExitCode.FAILURE)


def _leave(code: int) -> NoReturn:
    """End without waiting for a step that was left alone in its thread."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
