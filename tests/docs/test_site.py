"""The documentation is a site that leads nowhere astray, and that loads nothing from elsewhere."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml

from tests.docs.kit import ROOT

CONFIG = ROOT / "mkdocs.yml"


def build(site: Path, config: Path = CONFIG) -> subprocess.CompletedProcess[str]:
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "--config-file",
        config,
        "--site-dir",
        site,
    ]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = build(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


class Loaded(HTMLParser):
    """Collects what a browser fetches for a page by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "link" and found.get("rel") not in ("canonical", "next", "prev"):
            self.addresses.append(found.get("href") or "")
        self.addresses += [found[name] or "" for name in ("src", "srcset", "poster", "data") if name in found]


def elsewhere(text: str) -> list[str]:
    page = Loaded()
    page.feed(text)
    return [address for address in page.addresses if re.match(r"(https?:)?//", address)]


def test_every_page_loads_from_the_site_alone(site: Path) -> None:
    pages = {path: path.read_text(encoding="utf-8") for path in site.rglob("*.html")}
    sheets = [path.read_text(encoding="utf-8") for path in site.rglob("*.css")]

    assert len(pages) > 40
    assert {path: found for path, text in pages.items() if (found := elsewhere(text))} == {}
    assert not [found for sheet in sheets for found in re.findall(r"url\([\"']?(?:https?:)?//[^)]*", sheet)]
    assert not [path for path, text in pages.items() if 'class="mermaid"' in text], "it would be fetched from a CDN"


def test_what_would_be_loaded_from_elsewhere_is_found() -> None:
    assert elsewhere('<script src="https://cdn.example.org/x.js"></script>') == ["https://cdn.example.org/x.js"]
    assert elsewhere('<link rel="stylesheet" href="//fonts.example.org/x.css">') == ["//fonts.example.org/x.css"]
    assert elsewhere('<a href="https://example.org"><img src="x.svg"></a>') == []


def test_files_of_the_repository_are_shown_where_pages_link_to_them(site: Path) -> None:
    talks = site / "repository" / "examples" / "talks.yaml" / "index.html"

    assert "IngestionRun" in talks.read_text(encoding="utf-8")
    assert 'href="talks.yaml/"' in (site / "repository" / "examples" / "index.html").read_text(encoding="utf-8")
    chart = (site / "repository" / "charts" / "ingestion-operator" / "index.html").read_text(encoding="utf-8")
    assert "podDisruptionBudget.enabled" in chart


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Return the configuration of a site of two pages, with the rules of the real one."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "other.md").write_text("# Other\n", encoding="utf-8")
    config = {
        "INHERIT": str(CONFIG),
        "docs_dir": "docs",
        "extra_css": [],
        "hooks": [str(ROOT / "dev" / "docs" / "repository_pages.py")],
        "nav": ["index.md", "other.md"],
    }
    (tmp_path / "mkdocs.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    return tmp_path / "mkdocs.yml"


def write_home(small: Path, *links: str) -> None:
    text = "".join(f"- [there]({link})\n" for link in links)
    (small.parent / "docs" / "index.md").write_text(f"# Home\n\n{text}", encoding="utf-8")


def test_links_to_pages_headings_and_files_of_the_repository_are_well(small: Path) -> None:
    write_home(small, "other.md", "other.md#other", "#home", "../Makefile", "../dev/docs", "https://example.org")

    done = build(small.parent / "site", small)

    assert done.returncode == 0, done.stderr


def test_links_that_lead_nowhere_fail_the_build_and_are_named(small: Path) -> None:
    write_home(small, "nowhere.md", "../nowhere.py", "other.md#missing", "/absolute")

    done = build(small.parent / "site", small)

    assert done.returncode == 1
    for told in ("'nowhere.md'", "nowhere.py", "does not contain an anchor '#missing'", "absolute link '/absolute'"):
        assert told in done.stderr


def test_a_page_that_no_menu_leads_to_fails_the_build(small: Path) -> None:
    (small.parent / "docs" / "index.md").write_text("# Home\n", encoding="utf-8")
    (small.parent / "docs" / "lost.md").write_text("# Lost\n", encoding="utf-8")

    assert "lost.md" in build(small.parent / "site", small).stderr
