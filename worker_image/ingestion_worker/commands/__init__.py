"""The commands of `ingest`, one a module."""

from __future__ import annotations

import typer

from ingestion_worker.commands.discover import discover
from ingestion_worker.commands.doctor import doctor
from ingestion_worker.commands.finish import finish
from ingestion_worker.commands.index import index
from ingestion_worker.commands.report import report
from ingestion_worker.commands.run import run
from ingestion_worker.commands.search import search
from ingestion_worker.commands.work import work

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Turns videos into transcripts and vectors. A run has three steps: `discover` lists its videos and cuts them "
    "into shards, `work` ingests one shard (start as many as you like), `finish` counts what is there. Each may be "
    "killed and started again at any time: what is there is not done again. `run` takes all of them on this machine.",
)

for command in (run, discover, work, finish, index, search, report, doctor):
    app.command()(command)
