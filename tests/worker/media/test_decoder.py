"""The decoder's process: what it gives, and what becomes of files that break it."""

import os
import signal
import wave
from collections.abc import Generator, Iterator
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import pytest

from dev.sample_media.server import SampleServer
from ingestion_worker.conclusion import NodeUnusable
from ingestion_worker.media import sections
from ingestion_worker.media.audio import SAMPLE_RATE
from ingestion_worker.media.decoder import Decoder
from ingestion_worker.media.errors import MediaError
from ingestion_worker.media.features import FRAMES, FeatureSettings
from ingestion_worker.media.sections import SectionEnd, Start, Window
from ingestion_worker.source.failures import Verdict, classify
from tests.worker.support.runs import wait_for


@pytest.fixture
def decoder() -> Iterator[Decoder]:
    made = Decoder()
    yield made
    made.close()


@pytest.fixture
def clip(tmp_path: Path, sample: SampleServer) -> Path:
    path = tmp_path / "clip.opus"
    with urlopen(f"{sample.url}/media/sample-001.opus", timeout=10) as answer:
        path.write_bytes(answer.read())
    return path


@pytest.mark.parametrize("mels", [80, 128])
def test_it_gives_what_the_reader_in_this_process_gives(decoder: Decoder, clip: Path, mels: int) -> None:
    settings = FeatureSettings(mels)
    here = list(sections.read(clip, settings, Start()))
    there = list(decoder.read(clip, settings, Start()))
    assert len(here) == len(there) == 2
    assert here[1] == there[1]
    assert isinstance(here[0], Window)
    assert isinstance(there[0], Window)
    assert there[0].features.shape == (mels, FRAMES)
    np.testing.assert_allclose(there[0].features, here[0].features, atol=1e-3)
    assert there[0].spans == here[0].spans


def test_a_broken_file_is_told_from_one_without_audio_and_the_next_is_read(
    decoder: Decoder, clip: Path, tmp_path: Path
) -> None:
    broken, empty = tmp_path / "broken", tmp_path / "empty.wav"
    broken.write_bytes(os.urandom(5000))
    with wave.open(str(empty), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", "NONE"))
    for path, reason in ((broken, "Corrupt"), (empty, "NoAudio")):
        with pytest.raises(MediaError) as caught:
            list(decoder.read(path, FeatureSettings(), Start()))
        assert caught.value.reason == reason
    assert len(list(decoder.read(clip, FeatureSettings(), Start()))) == 2


def test_a_file_that_names_other_files_reads_none_of_them(decoder: Decoder, clip: Path, tmp_path: Path) -> None:
    playlist = tmp_path / "playlist"
    playlist.write_text(f"ffconcat version 1.0\nfile {clip.name}\n")
    with pytest.raises(MediaError) as caught:
        list(decoder.read(playlist, FeatureSettings(), Start()))
    assert caught.value.reason == "Corrupt"


@pytest.fixture
def half_read(decoder: Decoder, long_speech: bytes, tmp_path: Path) -> Generator[Window | SectionEnd]:
    """A file of which the first window was read."""
    path = tmp_path / "long.wav"
    path.write_bytes(long_speech)
    events = decoder.read(path, FeatureSettings(), Start())
    next(events)
    return events


@pytest.mark.parametrize("fault", [signal.SIGSEGV, signal.SIGABRT])
def test_a_file_on_which_the_decoder_crashes_is_corrupt_and_the_next_is_read(
    decoder: Decoder, half_read: Generator[Window | SectionEnd], clip: Path, fault: signal.Signals
) -> None:
    assert decoder.pid is not None
    os.kill(decoder.pid, fault)
    with pytest.raises(MediaError, match="the decoder broke on it") as caught:
        list(half_read)
    assert caught.value.reason == "Corrupt"
    assert len(list(decoder.read(clip, FeatureSettings(), Start()))) == 2


def test_a_decoder_that_the_kernel_kills_says_nothing_of_its_file(
    decoder: Decoder, half_read: Generator[Window | SectionEnd]
) -> None:
    assert decoder.pid is not None
    os.kill(decoder.pid, signal.SIGKILL)
    with pytest.raises(MemoryError) as caught:
        list(half_read)
    assert classify(caught.value).verdict is Verdict.LOCAL


def test_a_decoder_that_died_between_two_files_costs_neither(decoder: Decoder, clip: Path) -> None:
    pid = decoder.start()
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert len(list(decoder.read(clip, FeatureSettings(), Start()))) == 2


def test_a_node_on_which_nothing_can_be_decoded_is_told_from_a_corrupt_file(
    decoder: Decoder, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "onnxruntime.py").write_text("raise ImportError('libsomething.so.1: cannot open shared object file')")
    monkeypatch.setenv("PYTHONPATH", f"{broken}:{os.environ.get('PYTHONPATH', '')}")
    with pytest.raises(NodeUnusable, match=r"cannot be decoded on this node: .*onnxruntime"):
        list(decoder.read(clip, FeatureSettings(), Start()))


def test_what_is_passed_over_shows_that_the_decoder_lives(long_speech: bytes, tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    path.write_bytes(long_speech)
    alive: list[None] = []
    list(sections.read(path, FeatureSettings(), Start(1, 200 * SAMPLE_RATE), lambda: alive.append(None)))
    assert len(alive) >= 9, "a sign for every half minute"


def test_a_decoder_that_gives_nothing_is_ended(clip: Path) -> None:
    decoder = Decoder(stall_seconds=0.1)
    pid = decoder.start()
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(MediaError, match="gave nothing for 0 s"):
        list(decoder.read(clip, FeatureSettings(), Start()))
    wait_for(lambda: not Path(f"/proc/{pid}").exists(), "it is gone")


def test_a_reader_that_leaves_early_ends_the_decoder(decoder: Decoder, long_speech: bytes, tmp_path: Path) -> None:
    long = tmp_path / "long.wav"
    long.write_bytes(long_speech)
    events = decoder.read(long, FeatureSettings(), Start())
    next(events)
    pid = decoder.pid
    events.close()
    wait_for(lambda: not Path(f"/proc/{pid}").exists(), "it is gone")
