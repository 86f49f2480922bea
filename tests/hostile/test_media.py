"""Media that are made to exhaust memory, disk or time: each costs its video, with a reason, and the next is read."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ingestion_contract.records import Video
from ingestion_worker.media.decoder import Decoder
from ingestion_worker.media.decoder_process import MOST_BYTES
from ingestion_worker.media.errors import MediaError
from ingestion_worker.media.features import FeatureSettings
from ingestion_worker.media.sections import Start
from ingestion_worker.source import storage
from ingestion_worker.source.addresses import AddressRefused, AddressRules
from ingestion_worker.source.allowance import Allowance
from tests.hostile import media_files as made
from tests.worker.support.media import video_without_audio

pytestmark = pytest.mark.long

MIB = 2**20
MOST_MIB = 700
"""Of resident memory while any of these files is decoded: what is read of good ones takes 100."""


class Measured(Decoder):
    """A decoder that looks, before it ends its process, how much memory that has had at most."""

    peak_mib = 0

    def look(self) -> None:
        if self.pid is not None:
            status = Path(f"/proc/{self.pid}/status").read_text()
            self.peak_mib = max(self.peak_mib, int(status.split("VmHWM:")[1].split()[0]) // 1024)

    def close(self) -> None:
        self.look()
        super().close()


@pytest.fixture
def decoder() -> Iterator[Measured]:
    decoder = Measured(stall_seconds=120)
    yield decoder
    decoder.close()


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def outcome(decoder: Measured, path: Path) -> str:
    """What becomes of a file: the reason of its failure, or `decoded`."""
    try:
        for _ in decoder.read(path, FeatureSettings(), Start()):
            pass
    except MediaError as error:
        return error.reason
    return "decoded"


MADE: dict[str, tuple[Callable[[Path], Path], set[str]]] = {
    "a sample an hour": (lambda path: write(path, made.wav(bytes(MIB), rate=1)), {"Corrupt"}),
    "a byte a second": (lambda path: write(path, made.wav(bytes(8 * MIB), rate=7, bits=8)), {"Corrupt"}),
    "no samples": (lambda path: write(path, made.wav(bytes(MIB), rate=0)), {"Corrupt"}),
    "two billion samples": (lambda path: write(path, made.wav(bytes(MIB), rate=2**31 - 1)), {"Corrupt"}),
    "four billion samples": (lambda path: write(path, made.wav(bytes(MIB), rate=2**32 - 1)), {"Corrupt"}),
    "no channels": (lambda path: write(path, made.wav(bytes(MIB), channels=0)), {"Corrupt"}),
    "65,535 channels": (lambda path: write(path, made.wav(bytes(8 * MIB), channels=65_535)), {"Corrupt"}),
    "claims hours": (lambda path: write(path, made.wav(bytes(32_000), claims=2**32 - 1)), {"decoded"}),
    "claims 12 hours": (
        lambda path: write(path, made.with_duration(made.encoded(path, "mp4", "libopus"), 2**31 - 1)),
        {"decoded"},
    ),
    "3,000 tracks": (
        lambda path: write(path, made.with_tracks(made.encoded(path, "mp4", "libopus"), 3000)),
        {"TooLarge"},
    ),
    "60 MB of title": (
        lambda path: write(path, made.encoded(path, "matroska", "flac", title="x" * 60_000_000)),
        {"decoded"},
    ),
    "60 MB of tag": (lambda path: write(path, made.with_tag(60 * MIB)), {"Corrupt"}),
    "fonts of 200 MB": (lambda path: made.with_attachments(path, 2, 100 * MIB), {"NoAudio", "Corrupt"}),
    "a packed file": (lambda path: write(path, gzip.compress(made.wav(bytes(64 * MIB)))), {"Corrupt"}),
    "an archive": (made.archive, {"Corrupt"}),
    "no audio": (lambda path: video_without_audio(path), {"NoAudio"}),
    "half": (lambda path: write(path, made.encoded(path, "mp4", "libopus")[:400]), {"NoAudio", "Corrupt"}),
    "a terabyte of zeros": (lambda path: made.endless(path, b""), {"Corrupt"}),
    "other files": (
        lambda path: write(path, b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/passwd\n"),
        {"Corrupt"},
    ),
    "metadata of a cloud": (
        lambda path: write(path, b"#EXTM3U\n#EXTINF:9,\nhttp://169.254.169.254/latest\n"),
        {"Corrupt"},
    ),
    "a part of another file": (
        lambda path: write(path, b"ffconcat version 1.0\nfile subfile,,start,0,end,99,,:/etc/passwd\n"),
        {"Corrupt"},
    ),
    "a session": (
        lambda path: write(path, b"v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=audio 9 RTP/AVP 0\n"),
        {"Corrupt"},
    ),
}


@pytest.mark.parametrize("name", MADE)
def test_a_hostile_file_costs_its_video_and_little_memory(decoder: Measured, tmp_path: Path, name: str) -> None:
    make, expected = MADE[name]
    assert outcome(decoder, make(tmp_path / "media")) in expected
    decoder.look()
    assert decoder.peak_mib < MOST_MIB
    assert outcome(decoder, write(tmp_path / "good.wav", made.wav(bytes(32_000)))) == "decoded", "the next video"


def test_a_parser_that_collects_what_never_becomes_a_sound_has_the_limits_of_its_process(tmp_path: Path) -> None:
    """After a tag, zeros without end: FFmpeg keeps them, in search of the first frame."""
    endless = made.endless(tmp_path / "media", b"ID3\x04\0\0\x7f\x7f\x7f\x7f")
    with closing(Measured(stall_seconds=10)) as decoder:
        assert outcome(decoder, endless) == "Corrupt"
        decoder.look()
    assert decoder.peak_mib * MIB < MOST_BYTES


def test_noise_that_begins_like_a_container_is_corrupt(decoder: Measured, tmp_path: Path) -> None:
    for signature in made.SIGNATURES:
        assert outcome(decoder, write(tmp_path / "noise", made.noise(signature))) in ("Corrupt", "NoAudio"), signature


def test_what_is_cut_anywhere_is_decoded_as_far_as_it_goes_or_is_corrupt(decoder: Measured, tmp_path: Path) -> None:
    for container, codec in (("flac", "flac"), ("ogg", "libopus"), ("mp4", "libopus"), ("matroska", "flac")):
        whole = made.encoded(tmp_path / "whole", container, codec)
        for part in range(1, 8):
            cut = write(tmp_path / "cut", whole[: len(whole) * part // 8])
            assert outcome(decoder, cut) in ("decoded", "Corrupt", "NoAudio"), (container, part)


def test_centuries_of_silence_are_heard_for_a_hundred_hours_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this process, and with a smaller bound, since a hundred hours take their time."""
    from ingestion_worker.media import audio

    monkeypatch.setattr(audio, "MOST_SECONDS", 60.0)
    path = made.endless(tmp_path / "silence.wav", made.wav(b"", rate=8000, claims=2**32 - 1))
    heard: list[int] = []
    with pytest.raises(MediaError) as caught:
        heard.extend(map(len, audio.stream(path)))
    assert caught.value.reason == "TooLong"


def test_a_source_that_is_a_device_or_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "zero.mp4").symlink_to("/dev/zero")
    (tmp_path / "secret.mp4").symlink_to("/etc/passwd")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "itself.mp4").symlink_to(tmp_path / "itself.mp4")
    rules = AddressRules.parse([], [str(tmp_path)])
    listed = storage.list_files(f"file://{tmp_path}", rules)
    assert len(listed) <= 4, "links to folders are not followed"
    for video in [*listed, Video(id="zero", url="file:///dev/zero")]:
        with pytest.raises((MediaError, AddressRefused)):
            storage.copy(video.model_copy(update={"version": ""}), tmp_path / "target", rules, Allowance())
    assert not (tmp_path / "target").exists()
