"""How sizes and times are written."""

import pytest

from kubectl_ingest.words import counts, duration, gib, number, printable


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 s"),
        (0, "0 s"),
        (59.6, "1 min"),
        (80, "1 min 20 s"),
        (659, "10 min"),
        (3600, "1 h"),
        (12_000, "3 h 20 min"),
        (86_400, "1 d"),
        (100_000, "1 d 3 h"),
    ],
)
def test_a_length_of_time_has_at_most_two_units(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_counts_have_their_nouns() -> None:
    assert number(1, "worker") == "1 worker"
    assert number(2, "worker") == "2 workers"
    assert number(0, "floor fits", "floors fit") == "0 floors fit"


def test_reasons_are_counted_the_most_frequent_first() -> None:
    assert counts({"Gone": 1, "Blocked": 1, "Network": 3}) == "Network 3, Blocked 1, Gone 1"


def test_bytes_are_gib() -> None:
    assert gib(int(8.6 * 2**30)) == "8.6 GiB"


def test_what_is_not_printable_is_a_blank() -> None:
    assert printable("a\x1bb\nc\u202ed") == "a b c d"
