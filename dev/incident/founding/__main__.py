"""`python -m dev.incident.founding`: ingest a feed, as the program of the founding incident did."""

from __future__ import annotations

import logging
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Annotated

import typer


def main(
    feed: Annotated[str, typer.Option(help="Address of the feed.")],
    gpu: Annotated[Path, typer.Option(help="Folder of the simulated GPU.")],
    asr: Annotated[Path, typer.Option(help="Folder of the speech model.")],
    embedder: Annotated[Path, typer.Option(help="Folder of the embedder.")],
    output: Annotated[Path, typer.Option(help="Folder for transcripts/ and failures/.")],
    workers: Annotated[int, typer.Option(min=1, help="Processes, each with models of its own.")] = 4,
) -> None:
    """Ingest every video of a feed once, whatever becomes of it."""
    from dev.incident.founding import source, worker

    spawn = multiprocessing.get_context("spawn")
    videos = source.listed(feed)
    processes = min(workers, len(videos))
    settings = (spawn.Barrier(processes), gpu, asr, embedder, output)
    with ProcessPoolExecutor(processes, spawn, worker.start, settings) as pool:
        for _ in pool.map(worker.ingest, videos):
            pass


if __name__ == "__main__":
    logging.basicConfig(format="%(asctime)s %(processName)s %(message)s", level=logging.WARNING)
    typer.run(main)
