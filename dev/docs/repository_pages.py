"""A hook of MkDocs: files outside docs/ that a page links to become pages of the site, below `repository/`.

So one relative link leads to the same thing in a checkout, in a Git forge and on the site, wherever that is published.
Markdown is shown as a page, and its own links are followed; other files are shown as code, folders as a list.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from pygments.lexers import get_lexer_for_filename
from pygments.util import ClassNotFound

ROOT = Path(__file__).parents[2]
PREFIX = "repository/"

_FENCE = re.compile(r"(^```.*?^```[^\S\n]*$)", re.MULTILINE | re.DOTALL)
_RELATIVE_LINK = re.compile(r"\]\((?![a-z]+:|#|/)([^)#\s]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for each file that is linked to, directly or by a page that is added."""
    waiting = list(files.documentation_pages())
    while waiting:
        for path in _linked(waiting.pop()):
            uri = uri_of(path)
            if files.get_file_from_path(uri) is None and path.exists():
                added = File.generated(config, uri, content=_content(path))
                files.append(added)
                waiting.append(added)
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let relative links lead to where their targets are on the site."""
    here = page.file.src_uri

    def moved(link: re.Match[str]) -> str:
        target = uri_of(_target(here, link[1]))
        return f"]({posixpath.relpath(target, posixpath.dirname(here))}{link[2] or ''})"

    return "".join(part if part.startswith("```") else _RELATIVE_LINK.sub(moved, part) for part in _parts(markdown))


def uri_of(path: Path) -> str:
    """Return where a file or folder of the repository is on the site, as the name of a page's source."""
    if path.is_relative_to(ROOT / "docs"):
        return path.relative_to(ROOT / "docs").as_posix()
    if (path / "README.md").is_file():
        path /= "README.md"
    name = path.relative_to(ROOT).as_posix()
    return f"{PREFIX}{name}" if path.suffix == ".md" else f"{PREFIX}{name}.md"


def source_of(uri: str) -> Path:
    """Return the file or folder that a page is made from."""
    if not uri.startswith(PREFIX):
        return ROOT / "docs" / uri
    path = ROOT / uri.removeprefix(PREFIX)
    return path if path.is_file() else path.with_suffix("")


def _linked(page: File) -> Iterator[Path]:
    for part in _parts(page.content_string):
        if not part.startswith("```"):
            yield from (_target(page.src_uri, link[1]) for link in _RELATIVE_LINK.finditer(part))


def _parts(markdown: str) -> list[str]:
    """Return a text in pieces, each either a fenced block or what lies between two."""
    return _FENCE.split(markdown)


def _target(uri: str, link: str) -> Path:
    source = source_of(uri)
    base = source if source.is_dir() else source.parent
    return Path(posixpath.normpath(base / link))


def _content(path: Path) -> str:
    if path.is_dir():
        return _listing(path)
    text = path.read_text(encoding="utf-8")
    return text if path.suffix == ".md" else _code(path, text)


def _listing(folder: Path) -> str:
    names = sorted(item.name for item in folder.iterdir() if not item.name.startswith(("__", ".")))
    return "\n".join([_head(folder), *(f"- [{name}]({name})" for name in names), ""])


def _code(path: Path, text: str) -> str:
    try:
        language = get_lexer_for_filename(path.name).aliases[0]
    except ClassNotFound:
        language = "text"
    longest = max(map(len, re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{_head(path)}\n{fence} {language}\n{text.rstrip()}\n{fence}\n"


def _head(path: Path) -> str:
    name = path.relative_to(ROOT).as_posix()
    return f"---\ntitle: {name}\nsearch: {{exclude: true}}\n---\n\n# {name}\n"
