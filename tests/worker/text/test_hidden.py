"""What this process was given as a secret does not come out in what others say."""

from __future__ import annotations

import pytest

from ingestion_worker.text import hidden
from ingestion_worker.text.words import printable, told

SECRET = 'wJalr/K7"M+&EN'


@pytest.fixture(autouse=True)
def nothing_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hidden, "_hidden", [])


@pytest.mark.parametrize(
    "form",
    [SECRET, "wJalr%2FK7%22M%2B%26EN", "wJalr/K7%22M%2B%26EN", 'wJalr/K7\\"M+&EN', "wJalr/K7&quot;M+&amp;EN"],
    ids=["as it is", "in a query", "in a path", "in JSON", "in XML"],
)
def test_a_secret_is_left_out_however_it_is_written(form: str) -> None:
    sentence = f"403: you said key={form}, which I do not know"
    assert form in printable(sentence)
    hidden.hide([SECRET])
    for told_by in (printable, told):
        assert told_by(sentence) == "403: you said key=REDACTED, which I do not know"


def test_a_secret_that_begins_with_another_is_left_out_as_a_whole() -> None:
    hidden.hide(["abcdefgh"])
    hidden.hide(["abcdefgh-and-more"])
    assert printable("abcdefgh-and-more abcdefgh") == "REDACTED REDACTED"


def test_what_is_too_short_to_guard_anything_stays_a_word() -> None:
    hidden.hide(["", "a", "talks"])
    assert printable("a talk of talks") == "a talk of talks"
