"""Names of files, titles, ids and languages that are made to be taken for something else, wherever they are shown."""

from __future__ import annotations

import json
import logging
import os
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ingestion_contract import layout
from ingestion_contract.metrics import Result
from ingestion_contract.records import Outcome, Segment, TranscriptManifest, Video
from ingestion_contract.summary import ErrorSummary, decode_summary, encode_summary
from ingestion_worker.index.links import deep_link
from ingestion_worker.output import transcripts, video_list
from ingestion_worker.output.keys import transcript_key, video_key
from ingestion_worker.output.store import Store
from ingestion_worker.output.transcript import Transcript, TranscriptSource
from ingestion_worker.report import write
from ingestion_worker.source import storage
from ingestion_worker.source.addresses import AddressRules
from ingestion_worker.source.allowance import Allowance
from ingestion_worker.source.ids import MAX_LENGTH, video_id
from ingestion_worker.telemetry.logs import set_up_logs
from ingestion_worker.text.words import escaped_json, one_line, printable, told
from kubectl_ingest.words import printable as printable_of_plugin
from tests.worker.report.test_page import Page
from tests.worker.support.runs import run_of

ODD = (
    "../../etc/passwd", "/etc/passwd", "a/../b", "..", ".", "~root", "C:\\con.txt", "con", "nul\0byte", "a\nb\rc", "\t",
    "\x1b[2J\x1b]0;title\x07", "\x9b2J", "\x85\u2028\u2029", "\u202egpj.exe", "\u2067\u2066\u2069", "\u200f\u061c",
    "<script>alert(1)</script>", "\"'><img src=x onerror=alert(1)>", "{{ 7 * 7 }}", "{% raw %}", "$(id)", "`id`", "%n",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\ud800", "\udcff.mp4", "x" * 10_000, "\u0301" * 10_000, "[b]x[/b]",
    "a\u00a0\u3000b", "*", "a?b#c&d=e", "[a-z]", "'; DROP TABLE videos; --", "\N{BYTE ORDER MARK}", "=cmd|' /C calc'!A",
)  # fmt: skip

_CONTROLS = st.characters(categories=("Cc", "Cf", "Cs", "Zl", "Zp"))
NAMES = st.sampled_from(ODD) | st.text(min_size=1, max_size=50) | st.text(_CONTROLS, min_size=1, max_size=20)
QUIET = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])

ISOLATED = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}
"""Directions of Unicode that reach beyond the character that has them."""


def harmless(text: str) -> bool:
    """Whether a terminal shows a text as one line, as it is, and nothing around it otherwise than it was."""
    return not any(
        unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") or unicodedata.bidirectional(letter) in ISOLATED
        for letter in text
    )


@given(NAMES)
@QUIET
def test_what_is_shown_is_one_harmless_line(name: str) -> None:
    assert harmless(printable(name))
    assert harmless(printable_of_plugin(name))
    assert not {"\n", "\0", "\x1b", "\x9b"} & set(told(name))
    told(name).encode()


@given(st.recursive(NAMES | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner)))
@QUIET
def test_json_for_a_terminal_is_harmless_and_still_the_same_json(document: object) -> None:
    line = escaped_json(json.dumps(document, ensure_ascii=False))
    assert harmless(line)
    assert json.loads(line) == json.loads(json.dumps(document)), "also where two halves of a character meet"


@given(NAMES, NAMES)
@QUIET
def test_a_log_line_stays_one_line_and_an_errors_words_begin_none(
    capsys: pytest.CaptureFixture[str], name: str, words: str
) -> None:
    before = logging.root.handlers[:], logging.root.level
    try:
        set_up_logs(verbose=True, run="talks/run", shard=1)
        log = logging.getLogger("ingestion_worker.test")
        log.info("video id=%s", name)
        try:
            raise ValueError(f"{words}\n2026-01-01T00:00:00Z INFO forged")
        except ValueError as error:
            log.debug("it failed", exc_info=error)
    finally:
        logging.root.handlers[:], logging.root.level = before
    lines = capsys.readouterr().err.removesuffix("\n").split("\n")
    assert all(map(harmless, lines))
    assert [line[0] for line in lines] == ["2", "2", *" " * (len(lines) - 2)]
    assert not [line for line in lines if line.startswith("2026-01-01T00:00:00Z")]


@given(NAMES, NAMES)
@QUIET
def test_an_id_can_be_written_and_different_names_stay_different(name: str, other: str) -> None:
    assert 0 < len(video_id(name)) <= MAX_LENGTH
    video_id(name).encode()
    assert (video_id(name) == video_id(other)) == (name == other) or "REDACTED" in video_id(name)


@given(NAMES)
@QUIET
def test_a_summary_of_any_words_is_read_back(words: str) -> None:
    summary = ErrorSummary(reason="SourceUnavailable", detail=told(words, 1024))
    assert decode_summary(encode_summary(summary)) == summary


@given(NAMES, NAMES, NAMES, NAMES)
@example("../../../x", "<script>alert(1)</script>", "../en", "\u202e</bdi><b>")
@QUIET
def test_a_video_of_any_name_stays_in_its_place_and_is_only_text_in_the_report(
    name: str, title: str, language: str, detail: str
) -> None:
    """What the source names is never part of a path, nor markup."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        store = Store(str(root / "output"))
        run = run_of(["http://unused"])
        video = Video(id=video_id(name), url="https://h/x", title=told(title)[:500])
        listed = video_list.write_once(store, run.metadata.uid, [video], [[0]])
        assert list(listed.videos) == [video]
        key = transcript_key(video, run.spec)
        said = (Segment(start=0, end=1, text=one_line(f"{title} --> {name}")),)
        transcript = Transcript(TranscriptSource.MANUAL_CAPTIONS, told(language), said, 1.0)
        transcripts.save(store, key, video, transcript)
        manifest = store.read_record(layout.transcript_manifest(key), TranscriptManifest)
        assert manifest is not None
        assert manifest.video == video
        outcome = Outcome(
            video_id=video.id,
            result=Result.FAILED,
            reason="Gone",
            detail=told(detail)[:500],
            video_key=video_key(video, run.spec),
            recorded_at=datetime.now(UTC),
        )
        store.write_record(layout.outcome(run.metadata.uid, outcome.video_key), outcome)
        page = Page((root / "output" / write(store, run.metadata.uid)).read_text())
        assert "script" not in page.tags
        assert "img" not in page.tags
        assert not [attribute for attribute, _ in page.attributes if attribute.startswith("on")]
        assert page.open == []
        assert "bdi" in page.tags
        assert {path.parent.name for path in root.iterdir()} == {root.name}
        assert [path.name for path in root.iterdir()] == ["output"], "nothing is written beside the output"


def _fit_for_a_disk(name: str) -> str:
    """A name without the two characters that no file's has, in at most 200 bytes."""
    plain = name.replace("/", "_").replace("\0", "_")
    return plain.encode("utf-8", "replace")[:200].decode(errors="ignore")


FILE_NAMES = NAMES.map(_fit_for_a_disk).map(lambda name: f"{name}.mp4")


@given(st.lists(FILE_NAMES, min_size=1, max_size=4, unique_by=lambda name: unicodedata.normalize("NFC", name)))
@QUIET
def test_a_file_of_any_name_is_listed_and_read(names: list[str]) -> None:
    with TemporaryDirectory() as folder:
        media = Path(folder, "media")
        media.mkdir()
        for number, name in enumerate(names):
            (media / name).write_bytes(b"%d" % number)
        rules = AddressRules.parse([], [str(media)])
        listed = storage.list_files(f"file://{media}", rules)
        assert len({video.id for video in listed}) == len(names)
        read = set()
        for video in listed:
            target = Path(folder, "target")
            storage.copy(video, target, rules, Allowance())
            read.add(target.read_bytes())
            target.unlink()
            assert harmless(printable(video.title))
        assert read == {b"%d" % number for number in range(len(names))}


def test_a_file_whose_name_is_no_unicode_is_named_and_costs_nobody_else(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff\xfe.mp4")).write_bytes(b"1")
    (tmp_path / "good.mp4").write_bytes(b"2")
    listed = storage.list_files(f"file://{tmp_path}", AddressRules.parse([], [str(tmp_path)]))
    assert [video.title for video in listed] == ["good", "\\udcff\\udcfe"]
    for video in listed:
        video.model_dump_json().encode()


@given(NAMES)
@QUIET
def test_a_link_into_any_address_that_was_fetched_can_be_made(name: str) -> None:
    url = f"https://h/{told(name)}"
    assert deep_link(url, 1.5).startswith("https://")
