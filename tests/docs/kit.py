"""The pages that people read, taken apart as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "dev/**/*.md", "charts/*/README.md")
    for path in ROOT.glob(pattern)
    if not {".venv", "build"} & set(path.relative_to(ROOT).parts)
)
"""Every page of Markdown in the repository."""


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of a text, those inside of paragraphs included."""
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        yield token
        yield from token.children or ()


def links(text: str) -> list[str]:
    """Return where the links and images of a text lead."""
    found = ((token.attrGet("href"), token.attrGet("src")) for token in tokens(text))
    return [str(target) for pair in found for target in pair if target]


def anchors(text: str) -> set[str]:
    """Return the anchors of a text's headings, as a Git forge makes them."""
    parsed = MarkdownIt("commonmark").parse(text)
    return {
        re.sub(r"[^\w\- ]", "", heading.content.lower()).replace(" ", "-")
        for opening, heading in pairwise(parsed)
        if opening.type == "heading_open"
    }


def code(text: str) -> list[str]:
    """Return what stands in a text as code, lines that go on with a backslash joined."""
    parts = (token.content for token in tokens(text) if token.type in ("fence", "code_block", "code_inline"))
    return [part.replace("\\\n", " ") for part in parts]
