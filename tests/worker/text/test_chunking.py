"""The cut of a transcript into chunks."""

from hypothesis import given
from hypothesis import strategies as st

from ingestion_contract.records import Segment
from ingestion_worker.text import chunking


def transcript(count: int) -> list[Segment]:
    return [Segment(start=float(index), end=index + 1.0, text=f"s{index}") for index in range(count)]


@given(st.lists(st.integers(0, 80), max_size=60), st.integers(16, 120))
def test_every_segment_is_in_a_chunk_whole_and_in_order(tokens: list[int], chunk_tokens: int) -> None:
    segments = transcript(len(tokens))
    chunks = chunking.cut(segments, tokens, chunk_tokens)
    position = 0
    for chunk in chunks:
        words = [int(word[1:]) for word in chunk.text.split()]
        assert words == list(range(words[0], words[-1] + 1))
        assert words[0] <= position <= words[-1], "no gap, and every chunk brings something new"
        assert (chunk.start, chunk.end) == (float(words[0]), words[-1] + 1.0)
        assert chunk.tokens == sum(tokens[words[0] : words[-1] + 1])
        assert chunk.tokens <= chunk_tokens or len(words) == 1
        repeated = sum(tokens[words[0] : position])
        assert repeated <= chunking.OVERLAP * chunk_tokens
        position = words[-1] + 1
    assert position == len(segments)


def test_neighbours_share_about_an_eighth() -> None:
    chunks = chunking.cut(transcript(100), [5] * 100, 100)
    assert [chunk.text.split()[0] for chunk in chunks[:3]] == ["s0", "s18", "s36"]
    assert chunks[0].text.split()[-2:] == ["s18", "s19"]


def test_nothing_gives_nothing() -> None:
    assert chunking.cut([], [], 100) == []
