"""A long file is read in little memory."""

import resource
from itertools import islice
from pathlib import Path

import pytest

from ingestion_worker.media import sections
from ingestion_worker.media.audio import SAMPLE_RATE
from ingestion_worker.media.features import FeatureSettings
from ingestion_worker.media.sections import SectionEnd, Start

pytestmark = pytest.mark.long


def test_an_hour_of_silence_is_read_in_little_memory(tmp_path: Path) -> None:
    """An hour is 230 MB of samples, from a file with a hole; in this process, to look at its memory."""
    path = tmp_path / "silence.wav"
    seconds = 3600
    with path.open("wb") as file:
        file.write(b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\1\0\1\0\x80>\0\0\0}\0\0\2\0\x10\0data\xff\xff\xff\xff")
        file.truncate(44 + seconds * SAMPLE_RATE * 2)
    first = list(islice(sections.read(path, FeatureSettings(), Start()), 3))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    events = list(sections.read(path, FeatureSettings(), Start()))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert events[:3] == first
    assert {type(event) for event in events} == {SectionEnd}
    assert len(events) == seconds / sections.SECTION_SECONDS
    assert grown < 100_000, f"{grown} KiB more than after three sections"
