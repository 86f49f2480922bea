"""Every relative link in a page of Markdown leads to a file that is there, and to a heading in it."""

from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.docs.kit import PAGES, ROOT, anchors, links


def astray(page: Path, text: str) -> list[str]:
    return [link for link in links(text) if not link.partition(":")[0].isalpha() and not _leads(page, text, link)]


def _leads(page: Path, text: str, link: str) -> bool:
    path, _, anchor = unquote(link).partition("#")
    target = page.parent / path if path else page
    if not target.exists():
        return False
    return not anchor or anchor in anchors(target.read_text(encoding="utf-8") if path else text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    assert astray(page, page.read_text(encoding="utf-8")) == []


def test_a_link_that_leads_nowhere_is_found() -> None:
    text = "# A heading: `code`, too\n\n[a](#a-heading-code-too) [b](#b) [c](docs/nowhere.md) [d](docs/memory.md#e)"
    text += " ![f](g.svg)\n\n    [not](a-link.md)\n"

    assert astray(ROOT / "README.md", text) == ["#b", "docs/nowhere.md", "docs/memory.md#e", "g.svg"]
