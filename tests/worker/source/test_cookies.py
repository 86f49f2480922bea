"""Of a cookies.txt, the cookies are taken; no line of it is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingestion_contract import pod
from ingestion_contract.spec import Source
from ingestion_worker.commands import options
from ingestion_worker.conclusion import ConfigurationError
from ingestion_worker.source.cookies import read_jar
from ingestion_worker.source.fetch import Fetcher
from ingestion_worker.text import hidden
from ingestion_worker.text.words import printable
from tests.worker.support.http_source import LOOPBACK

GOOD = "h.example\tFALSE\t/\tTRUE\t0\tone\tvalue-one"
GOOD_LINES = [
    GOOD,
    ".h.example\tTRUE\t/\tTRUE\t1893456000\ttwo\tvalue-two",
    "#HttpOnly_h.example\tFALSE\t/\tTRUE\t\tthree\tvalue-three",
    "h.example\tFALSE\t/\tFALSE\t1893456000.5\tfour\tvalue-four",
]
BAD_LINES = [
    GOOD.replace("\t", " "),
    GOOD.replace("FALSE", "TRUE"),
    f".{GOOD}",
    GOOD.replace("\t0\t", "\tnever\t"),
    f"{GOOD}\tmore",
    '[{"name": "value-five"}]',
    "value-six",
]


def test_cookies_are_taken_with_and_without_a_header() -> None:
    for header in ("# Netscape HTTP Cookie File\n\n", "", "# mine\n"):
        jar = read_jar(header + "\n".join(GOOD_LINES))
        assert jar.text.splitlines() == ["# Netscape HTTP Cookie File", *GOOD_LINES]
        assert jar.values == ("value-one", "value-two", "value-three", "value-four")
        assert jar.passed_over == ()


@pytest.mark.parametrize("line", BAD_LINES)
def test_a_line_that_is_none_is_passed_over_by_its_number_and_the_others_count(line: str) -> None:
    jar = read_jar(f"# comment\n{line}\n{GOOD}\n")
    assert jar.passed_over == (2,)
    assert jar.values == ("value-one",)


def test_ytdlp_takes_what_is_left_and_says_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    cookies = tmp_path / "cookies.txt"
    cookies.write_text("\n".join([*GOOD_LINES, *BAD_LINES]))
    fetcher = Fetcher(Source(urls=["http://unused"]), tmp_path, cookies, LOOPBACK)
    assert {cookie.value for cookie in fetcher._ydl.cookiejar} == {
        "value-one",
        "value-two",
        "value-three",
        "value-four",
    }
    told = capfd.readouterr()
    assert told.out + told.err == ""


def test_a_mounted_file_is_told_of_by_line_numbers_alone_and_its_values_are_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    mounted = tmp_path / "mounted.txt"
    mounted.write_text("\n".join([GOOD, *BAD_LINES]))
    monkeypatch.setattr(pod, "COOKIES_FILE", str(mounted))
    monkeypatch.setattr(hidden, "_hidden", [])
    assert options.cookies() == mounted
    assert "passed over: 2, 3, 4, 5, 6, 7, 8;" in caplog.text
    assert "value-" not in caplog.text
    assert printable("you said value-one") == "you said REDACTED"


@pytest.mark.parametrize("content", [BAD_LINES[5].encode(), b"\xff\xfe"], ids=["JSON", "no text"])
def test_a_mounted_file_that_is_something_else_cannot_work(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounted = tmp_path / "mounted.txt"
    mounted.write_bytes(content)
    monkeypatch.setattr(pod, "COOKIES_FILE", str(mounted))
    with pytest.raises(ConfigurationError, match=r"names no cookies\.txt") as caught:
        options.cookies()
    assert "value-" not in str(caught.value)
