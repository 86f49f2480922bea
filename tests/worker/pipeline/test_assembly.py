"""A video is put together from its windows, in whatever order they come back."""

import random

from hypothesis import given
from hypothesis import strategies as st

from ingestion_contract.records import Checkpoint, Segment
from ingestion_worker.media.audio import SAMPLE_RATE
from ingestion_worker.media.sections import SectionEnd, Start
from ingestion_worker.pipeline.assembly import Assembly, resume_at

SECTION = 600 * SAMPLE_RATE


def segment(section: int, number: int) -> Segment:
    start = 600.0 * section + number
    return Segment(start=start, end=start + 1, text=f"{section}.{number}")


def events(windows: list[int]) -> list[tuple[int, int | None]]:
    """All that is heard of a video with so many windows in its sections: windows, and the ends of sections as None."""
    found: list[tuple[int, int | None]] = []
    for section, count in enumerate(windows):
        found += [(section, number) for number in range(count)]
        found.append((section, None))
    return found


def tell(assembly: Assembly, event: tuple[int, int | None], windows: list[int]) -> list[Checkpoint]:
    section, number = event
    if number is None:
        last = section == len(windows) - 1
        start = Start(section, section * SECTION)
        assembly.end_section(SectionEnd(start, (section + 1) * SECTION, windows[section], last))
    else:
        assembly.add(section, number, [segment(section, number)])
    return assembly.take_checkpoints()


counts = st.lists(st.integers(0, 4), min_size=1, max_size=5)


@given(counts, st.randoms(use_true_random=False))
def test_the_order_in_which_windows_come_back_does_not_matter(windows: list[int], chance: random.Random) -> None:
    assembly = Assembly("en")
    told = events(windows)
    chance.shuffle(told)
    checkpoints = []
    for event in told:
        assert assembly.audio_seconds is None
        checkpoints += tell(assembly, event, windows)
    assert assembly.audio_seconds == 600 * len(windows)
    assert assembly.heard_seconds == assembly.audio_seconds
    assert [each.text for each in assembly.segments] == [
        f"{section}.{number}" for section, count in enumerate(windows) for number in range(count)
    ]
    assert [checkpoint.section for checkpoint in checkpoints] == list(range(len(windows) - 1))


@given(counts, st.data())
def test_what_goes_on_after_a_checkpoint_gives_the_same_video(windows: list[int], data: st.DataObject) -> None:
    whole = Assembly("en")
    checkpoints = [checkpoint for event in events(windows) for checkpoint in tell(whole, event, windows)]
    kept = checkpoints[: data.draw(st.integers(0, len(checkpoints)))]
    assert resume_at(kept) == Start(len(kept), len(kept) * SECTION)
    resumed = Assembly("en", kept)
    for event in events(windows):
        if event[0] >= len(kept):
            tell(resumed, event, windows)
    assert resumed.segments == whole.segments
    assert resumed.audio_seconds == whole.audio_seconds
    assert resumed.heard_seconds == 600 * (len(windows) - len(kept))
