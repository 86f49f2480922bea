"""`ingest search`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from ingestion_contract.spec import IndexType
from ingestion_worker.commands.index import IndexKind
from ingestion_worker.commands.options import Output
from ingestion_worker.commands.plainly import plainly
from ingestion_worker.index.search_mode import SearchMode
from ingestion_worker.output.store import Store
from ingestion_worker.text.durations import clock
from ingestion_worker.text.words import escaped_json, printable

FOUND = "bold yellow"


def search(
    words: Annotated[str, typer.Argument(help="What is searched for.")],
    output: Output,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many places.")] = 10,
    mode: Annotated[
        SearchMode,
        typer.Option(help="By the words, which needs no model; by the meaning, as a vector; or by both."),
    ] = SearchMode.HYBRID,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
    embedder: Annotated[
        str | None, typer.Option(help="Whose vectors are searched, where runs have used several embedders.")
    ] = None,
    kind: IndexKind = IndexType.LANCEDB,
) -> None:
    """Say where something is said: the video, the time, and a link to that moment.

    Exit codes: 0 also where nothing is found; 1 the output, the database or the model's hub does not serve now; 64
    there is no index, or the words are empty.
    """
    if not words.strip():
        raise typer.BadParameter("there is nothing to search for: give some words")
    with plainly():
        from ingestion_worker.index import query_model
        from ingestion_worker.index.backends import open_index
        from ingestion_worker.index.search import choose_space
        from ingestion_worker.index.search import search as find

        store = Store(output)
        with open_index(kind, store) as index:
            space = choose_space(index, embedder, output)
            model = None if mode is SearchMode.TEXT else query_model.load(space.model)
            hits = find(index, store, space, words, limit, mode, model)
    if as_json:
        found = [{**asdict(hit), "time": clock(hit.seconds)} for hit in hits]
        typer.echo(escaped_json(json.dumps(found, ensure_ascii=False)))
        return
    if not hits:
        more = "; try other words, or --mode hybrid, which finds by meaning, too" if mode is SearchMode.TEXT else ""
        typer.echo(f"Nothing is found for {words!r}{more}.", err=True)
    console = Console(highlight=False, soft_wrap=True)
    for hit in hits:
        console.print(
            Text.assemble(f"{hit.rank:>2}  ", (printable(hit.title or hit.video_id), "bold"), f"  {clock(hit.seconds)}")
        )
        console.print(Text(f"    {printable(hit.link)}"))
        console.print(Text("    ") + _marked(hit.text, hit.marked, console.is_terminal))


def _marked(text: str, marks: Sequence[tuple[int, int]], terminal: bool) -> Text:
    """Return a text whose marked words stand out: in colour on a terminal, else between asterisks."""
    around = "" if terminal else "**"
    parts: list[str | tuple[str, str]] = []
    done = 0
    for start, end in marks:
        parts += [printable(text[done:start]), (f"{around}{printable(text[start:end])}{around}", FOUND)]
        done = end
    return Text.assemble(*parts, printable(text[done:]))
