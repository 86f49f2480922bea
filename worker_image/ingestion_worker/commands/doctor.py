"""`ingest doctor`."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from ingestion_contract.exit_codes import ExitCode
from ingestion_worker.commands.options import AllowFolders, AllowNetworks, address_rules, cookies
from ingestion_worker.commands.plainly import plainly
from ingestion_worker.text.words import escaped_json, printable, without_secrets

_STYLES = {"ok": "green", "warning": "yellow", "problem": "bold red"}


def doctor(
    output: Annotated[
        str | None, typer.Option("--output", "-o", help="Also try to write there: folder or URL.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="Also try to list the videos of this URL.")] = None,
    allow_network: AllowNetworks = None,
    allow_folder: AllowFolders = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """Check this machine: GPU, libraries, one real encode, what downloads need. Each line is ok, or says what to do.

    Nothing is downloaded: the model of the encode is made on the spot.

    Exit codes: 0 an ingestion can run, warnings or not; 1 it cannot.
    """
    with plainly():
        rules = address_rules(allow_network, allow_folder)
        jar = cookies()
    from ingestion_worker.doctor.examine import examine
    from ingestion_worker.doctor.finding import serves
    from ingestion_worker.output.store import located

    console = Console(highlight=False, soft_wrap=True)
    findings = []
    for finding in examine(located(output) if output else None, source, jar, rules):
        findings.append(finding)
        if not as_json:
            level = finding.level.value
            console.print(
                Text.assemble((f"{level:<8}", _STYLES[level]), f" {finding.check:<15}", f" {printable(finding.says)}")
            )
    if as_json:
        told = [{**vars(finding), "says": without_secrets(finding.says)} for finding in findings]
        typer.echo("\n".join(map(escaped_json, json.dumps(told, ensure_ascii=False, indent=1).split("\n"))))
    raise typer.Exit(ExitCode.DONE if serves(findings) else ExitCode.FAILURE)
