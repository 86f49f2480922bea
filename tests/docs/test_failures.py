"""docs/failures.md knows every reason with which a worker ends a video, and what follows from it."""

import ast
import re
from collections.abc import Iterator

import pytest

from ingestion_worker.source.allowance import FetchLimits
from ingestion_worker.source.fetch import DISK_SHARE
from ingestion_worker.source.retry import ATTEMPTS, PATIENCE_SECONDS
from tests.docs.kit import ROOT

PAGE = (ROOT / "docs" / "failures.md").read_text(encoding="utf-8")
WORKER = ROOT / "worker_image" / "ingestion_worker"
CLASSES = {"MediaError": "permanent", "Deferred": "deferred"}
"""What an error that brings its reason along means; `source.failures.classify` says so."""


def raised() -> Iterator[tuple[str, str]]:
    """Yield the reasons that the worker itself gives, each with its class."""
    for path in WORKER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CLASSES:
                reason = node.args[0]
                if isinstance(reason, ast.Constant):
                    yield str(reason.value), CLASSES[node.func.id]


def own() -> set[tuple[str, str]]:
    """The reasons of the page's second table, each with its class."""
    section = PAGE.split("bring their reason along:", 1)[1].split("\n\n", 2)[1]
    rows = [line.split("|")[1:-1] for line in section.splitlines()[2:]]
    return {(reason, kind.strip()) for *_, cell, kind in rows for reason in re.findall(r"`(\w+)`", cell)}


def test_the_reasons_that_the_worker_gives_are_told_with_what_follows_from_them() -> None:
    assert own() == set(raised())


@pytest.mark.parametrize("reason", ["TranscriptionFailed", "NotProcessed"])
def test_what_is_no_failure_of_the_source_is_told_too(reason: str) -> None:
    assert f"| `{reason}` |" in PAGE


def test_bounds_are_those_of_the_worker() -> None:
    limits = FetchLimits()
    media, page = limits.media_bytes // 2**30, limits.page_bytes // 2**20

    assert f"({media} GiB, or a quarter of what was free on the scratch disk)" in PAGE
    assert f"than a page may have ({page} MiB)" in PAGE
    assert (
        f"A server may say nothing for {limits.silence_seconds:.0f} s. Media may take two hours in all, pages" in PAGE
    )
    assert f"`Retry-After` with at most {PATIENCE_SECONDS} seconds" in PAGE
    assert "A transient failure is tried four times in all" in PAGE
    assert (DISK_SHARE, limits.media_seconds, limits.page_seconds, ATTEMPTS) == (4, 2 * 3600, 10 * 60, 4)
