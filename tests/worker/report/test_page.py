"""The page of a run: what it tells, and that it needs and trusts nobody."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue

from ingestion_contract import layout
from ingestion_contract.metrics import Result
from ingestion_contract.records import Video
from ingestion_worker.conclusion import ConfigurationError
from ingestion_worker.output.store import Store
from ingestion_worker.report import write
from ingestion_worker.report.records import latest
from tests.worker.report.sample import UID, SampleRun, incident
from tests.worker.support.runs import run_of

MOST_BYTES = 300 * 1024
VOID = {"meta", "line", "circle", "path", "br"}


class Page(HTMLParser):
    """Tags, attributes and text of a page; every tag must be closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.feed(html)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(f"file://{tmp_path}/output")


def asked(**spec: object) -> dict[str, Any]:
    """A spec, as a run's record keeps it."""
    return run_of(["https://example.org/list"], **spec).spec.to_wire()


def written(store: Store) -> Page:
    path = write(store, UID)
    assert path == layout.report(UID)
    content = store.read(path)
    assert content is not None
    assert len(content) < MOST_BYTES
    page = Page(content.decode())
    assert page.open == []
    return page


def test_it_tells_the_outcome_the_failures_the_memory_and_the_limit(store: Store) -> None:
    incident(store, spec=asked())
    page = written(store)
    for words in (
        "195 of 200 videos are there",
        "1 failed",
        "4 skipped",
        "99.5",
        "Removed",
        "This video has been removed by the uploader",
        "Memory of NVIDIA H100 80GB",
        "target 80 %",
        "out of memory, at",
        "nobody worked for",
        "speech limits",
        "distil-large-v3, c3058b475261, float16",
        "memory.targetPercent",
    ):
        assert words in page.text, words
    assert "simulated" not in page.text


def test_it_asks_nobody_for_anything(store: Store) -> None:
    incident(store)
    page = written(store)
    assert not {"script", "link", "img", "iframe", "object", "use", "image"} & set(page.tags)
    assert not [value for name, value in page.attributes if name in ("src", "srcset", "xlink:href")]
    style = " ".join(page.words)
    assert "url(" not in style
    assert "@import" not in style
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in page.attributes


def test_titles_and_reasons_of_strangers_are_only_text(store: Store) -> None:
    hostile = '</title><script>alert(1)</script><b onclick="x">"\'\ud800'.encode("utf-8", "replace").decode()
    run = SampleRun(store, name="talks")
    video = Video(id="x:<script>", url="javascript:alert(1)", title=hostile, duration_seconds=5)
    run.begin([video])
    run.record(video, Result.FAILED, "Corrupt", detail=hostile)
    run.finish(total=1, succeeded=0, failed=1, skipped=0, reasons={"Corrupt": 1})
    page = written(store)
    assert "script" not in page.tags
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert not [value for name, value in page.attributes if name == "href"]
    assert "<script>alert(1)</script>" in page.text


def test_a_run_that_is_not_finished_says_how_far_it_is(store: Store) -> None:
    run = SampleRun(store)
    videos = [Video(id=f"x:{at}", url=f"https://example.org/{at}") for at in range(3)]
    run.begin(videos)
    run.make(videos[0], "asr", 60.0)
    page = written(store)
    assert "Not finished: 1 of 3 videos are done" in page.text
    assert "2 not done yet" in page.text
    assert "Nothing was measured" in page.text


@pytest.mark.parametrize(("least", "style"), [(90, "good"), (100, "bad")])
def test_the_headline_is_good_where_the_objective_is_met(store: Store, least: int, style: str) -> None:
    incident(store, spec=asked(objectives={"minSuccessPercent": least}))
    assert ("class", style) in written(store).attributes


@pytest.mark.parametrize("spec", [None, {}, "of another world", {**asked(), "ofANewerVersion": 1}])
def test_a_spec_that_this_version_does_not_read_costs_only_the_settings(store: Store, spec: JsonValue) -> None:
    incident(store, spec=spec)
    page = written(store)
    assert "195 of 200 videos are there" in page.text
    assert "target 80 %" not in page.text
    assert "memory.targetPercent" not in page.text


def test_the_latest_run_is_the_one_that_was_listed_last(store: Store) -> None:
    with pytest.raises(ConfigurationError, match="holds no run"):
        latest(store)
    SampleRun(store, uid="run-1").begin([])
    incident(store)
    assert latest(store) in ("run-1", UID)


def test_a_run_that_is_not_there_is_named(store: Store) -> None:
    with pytest.raises(ConfigurationError, match=re.escape("no list of videos of a run nobody")):
        write(store, "nobody")
