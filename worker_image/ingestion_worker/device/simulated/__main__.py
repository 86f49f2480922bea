"""`python -m ingestion_worker.device.simulated`: makes a simulated GPU, and shows it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ingestion_worker.device.simulated import ledger
from ingestion_worker.device.simulated.physics import GIB

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="A simulated GPU, shared by the processes that get SIMULATED_GPU=FOLDER.",
)

Folder = Annotated[Path, typer.Argument(help="Folder of the simulated GPU.")]


@app.command()
def create(
    folder: Folder,
    gib: Annotated[float, typer.Option(min=1.0, help="Memory in GiB.")] = 24.0,
    name: Annotated[str, typer.Option(help="Name to show.")] = "Simulated GPU",
) -> None:
    """Make a simulated GPU and print its uuid."""
    try:
        typer.echo(ledger.create(folder, int(gib * GIB), name))
    except FileExistsError as error:
        raise typer.BadParameter(str(error)) from error


@app.command()
def show(folder: Folder) -> None:
    """Print what a simulated GPU holds now."""
    try:
        now = ledger.usage(folder)
    except FileNotFoundError as error:
        raise typer.BadParameter(f"{folder} holds no simulated GPU") from error
    table = Table(
        title=f"SIMULATED  {now.name}  {now.uuid}",
        caption=f"used {now.used / GIB:.1f} of {now.total / GIB:.1f} GiB ({100 * now.used / now.total:.0f} %), "
        f"peak {now.peak / GIB:.1f} GiB, busy {100 * now.busy_share:.0f} %, out of memory {now.oom_events} times",
    )
    for column in ("process", "GiB", "held for"):
        table.add_column(column)
    for process in now.processes:
        parts = ", ".join(f"{part} {size / GIB:.2f}" for part, size in process.parts.items() if size)
        label = f"{process.label} (neighbour)" if process.neighbour else process.label
        table.add_row(label, f"{process.bytes / GIB:.2f}", "" if process.neighbour else parts)
    Console().print(table)


if __name__ == "__main__":
    app()
