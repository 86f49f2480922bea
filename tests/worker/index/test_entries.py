"""What is written and what goes; and how tables are called."""

from hypothesis import given
from hypothesis import strategies as st

from ingestion_worker.index.entries import MIXED, Entry, VectorSpace, count, difference

entries = st.dictionaries(st.sampled_from("abcdef"), st.builds(Entry, st.sampled_from("kl"), st.integers(1, 2)))


@given(entries, entries)
def test_the_difference_applied_gives_what_is_wanted(wanted: dict[str, Entry], present: dict[str, Entry]) -> None:
    changes = difference(wanted, present)
    after = {video: entry for video, entry in present.items() if video not in changes.remove}
    after |= {video: wanted[video] for video in changes.write}
    assert after == wanted
    assert difference(wanted, after).write == difference(wanted, after).remove == []


@given(entries, entries)
def test_what_is_right_already_is_left_alone(wanted: dict[str, Entry], present: dict[str, Entry]) -> None:
    changes = difference(wanted, present)
    assert not [video for video in changes.write if present.get(video) == wanted[video]]
    assert not set(changes.remove) & set(wanted)


def test_rows_of_two_keys_are_an_entry_that_nobody_wants() -> None:
    assert count({("a", "k"): 2, ("b", "k"): 1, ("b", "l"): 3}) == {"a": Entry("k", 2), "b": Entry(MIXED, 3)}


@given(st.text(min_size=1, max_size=512), st.integers(1, 99_999))
def test_a_table_s_name_is_fit_for_both_databases(model: str, dimension: int) -> None:
    name = VectorSpace(model, dimension).table
    assert len(f"{name}_vector") <= 63
    assert name.replace("_", "").isalnum()
    assert name == name.lower()
    assert name.isascii()


def test_models_whose_names_differ_only_in_signs_have_two_tables() -> None:
    assert VectorSpace("a/b", 8).table != VectorSpace("a-b", 8).table
    assert VectorSpace("Alibaba-NLP/gte-Qwen2-1.5B-instruct", 1536).table.startswith(
        "chunks_alibaba_nlp_gte_qwen2_1_5b_instruct_1536_"
    )
