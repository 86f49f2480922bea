"""Sources are read in a process of its own: what does not come to an end there is ended, and costs one video."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from threading import Event, Thread

import pytest

from ingestion_contract import layout
from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.metrics import Result
from ingestion_contract.records import Outcome, Video
from ingestion_contract.spec import Source
from ingestion_worker.conclusion import ConfigurationError, PodTooSmall, SourceBlocked, SourceUnavailable
from ingestion_worker.output.keys import video_key
from ingestion_worker.pipeline import feed, shard
from ingestion_worker.source import isolation
from ingestion_worker.source.allowance import FetchLimits
from ingestion_worker.source.failures import Failure, Verdict, classify
from ingestion_worker.source.fetch import FetchedAudio, FetchedCaptions, Fetcher
from ingestion_worker.source.isolation import IsolatedFetcher, list_isolated
from tests.worker.support.http_source import LOOPBACK, Answer, HttpSource, page
from tests.worker.support.in_process import Bench
from tests.worker.support.media import silence
from tests.worker.support.runs import PATIENCE_SECONDS, UID, run_of, wait_for

TIGHT = FetchLimits(page_seconds=1.0)
GRACE_SECONDS = 1.0
SOURCE = Source(urls=["http://unused"])
CAPTIONS = Answer(b"WEBVTT\n\n00:00.000 --> 00:02.500\nall of it \xc3\xa9\n", kind="text/vtt")


@pytest.fixture
def hostile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let some addresses break the process that reads them."""
    monkeypatch.setattr(isolation, "MODULE", "tests.worker.support.hostile_source_process")


@pytest.fixture
def fetcher(tmp_path: Path, hostile: None) -> Iterator[IsolatedFetcher]:
    made = IsolatedFetcher(SOURCE, tmp_path, None, LOOPBACK)
    yield made
    made.close()


@pytest.fixture
def hurried(tmp_path: Path, hostile: None) -> Iterator[IsolatedFetcher]:
    """One that gives pages little time, but files as much as they need."""
    rules = replace(LOOPBACK, folders=(tmp_path,))
    made = IsolatedFetcher(SOURCE, tmp_path, None, rules, TIGHT, GRACE_SECONDS)
    yield made
    made.close()


def video(url: str) -> Video:
    return Video(id="test:1", url=url)


def test_it_fetches_what_a_fetcher_in_this_process_does(
    fetcher: IsolatedFetcher, tmp_path: Path, source: HttpSource
) -> None:
    here = Fetcher(SOURCE, tmp_path, None, LOOPBACK)
    media = source.set("/talk.ogg", Answer(b"OggS" * 100, kind="audio/ogg"))
    spoken = source.set("/spoken.html", page(media))
    written = source.set("/written.html", page(media, source.set("/c.vtt", CAPTIONS)))
    assert fetcher.fetch(video(written)) == here.fetch(video(written))
    audio = fetcher.fetch(video(spoken))
    assert isinstance(audio, FetchedAudio)
    assert audio.path.read_bytes() == b"OggS" * 100
    fetched = here.fetch(video(spoken))
    assert isinstance(fetched, FetchedAudio)
    assert replace(audio, path=fetched.path) == fetched
    fetcher.close()
    assert not audio.path.parent.exists()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(status=404), Failure(Verdict.PERMANENT, "Gone")),
        (Answer(status=429), Failure(Verdict.BLOCKED, "Blocked")),
        (Answer(b"<html>no player here</html>"), Failure(Verdict.PERMANENT, "Unsupported")),
    ],
    ids=["gone", "blocked", "unsupported"],
)
def test_failures_are_told_apart_as_in_one_process(
    fetcher: IsolatedFetcher, source: HttpSource, answer: Answer, expected: Failure
) -> None:
    assert failure(fetcher, source.set("/watch.html", answer)) == expected


def test_an_address_that_is_not_allowed_is_not_asked_and_the_reason_is_told(tmp_path: Path) -> None:
    fetcher = IsolatedFetcher(SOURCE, tmp_path, None, replace(LOOPBACK, networks=()))
    try:
        with pytest.raises(Exception, match="--allow-network") as caught:
            fetcher.fetch(video("http://127.0.0.1:1/watch.html"))
        assert classify(caught.value).reason == "AddressRefused"
    finally:
        fetcher.close()


def failure(fetcher: IsolatedFetcher, url: str) -> Failure:
    """What a fetch fails with."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever it is, it is told by `classify`
        fetcher.fetch(video(url))
    return classify(caught.value)


def test_what_does_not_end_is_ended_and_the_next_video_is_fetched(
    hurried: IsolatedFetcher, source: HttpSource, tmp_path: Path
) -> None:
    drips = source.set("/drips.html", Answer(b"<html>" + b" " * 600, drips=0.1))
    (tmp_path / "talk.ogg").write_bytes(b"OggS")
    for url in (f"{source.url}/regex-hangs.html", drips):
        assert failure(hurried, url) == Failure(Verdict.TRANSIENT, "TooSlow")
        assert isinstance(hurried.fetch(video(f"file://{tmp_path}/talk.ogg")), FetchedAudio)
    folders = [path for path in tmp_path.iterdir() if path.is_dir()]
    assert len(folders) == 1, "nothing of the earlier process is left"


def test_what_breaks_the_process_costs_one_video(fetcher: IsolatedFetcher, source: HttpSource) -> None:
    good = source.set("/good.html", page(source.set("/talk.ogg", CAPTIONS), source.set("/c.vtt", CAPTIONS)))
    assert failure(fetcher, f"{source.url}/dies.html") == Failure(Verdict.TRANSIENT, "SourceError")
    assert isinstance(fetcher.fetch(video(good)), FetchedCaptions)
    assert failure(fetcher, f"{source.url}/wants-memory.html") == Failure(Verdict.PERMANENT, "TooLarge")
    assert isinstance(fetcher.fetch(video(good)), FetchedCaptions)


def test_a_video_that_hangs_has_failed_and_the_next_one_is_ingested(
    bench: Bench, source: HttpSource, tmp_path: Path, hostile: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shard, "IsolatedFetcher", partial(IsolatedFetcher, limits=TIGHT, grace_seconds=GRACE_SECONDS))
    monkeypatch.setattr(feed, "FETCHERS", 1)
    bench.setting = replace(bench.setting, rules=replace(LOOPBACK, folders=(tmp_path,)))
    talk = silence(tmp_path / "talk.flac", 5)
    hangs, good = bench.list([f"{source.url}/regex-hangs.html", f"file://{talk}"])
    run = run_of(["http://unused"])
    assert bench.work(run).code is ExitCode.DONE
    outcomes = [
        bench.store.read_record(layout.outcome(UID, video_key(one, run.spec)), Outcome) for one in (hangs, good)
    ]
    assert outcomes[0] is not None
    assert outcomes[1] is not None
    assert (outcomes[0].result, outcomes[0].reason) == (Result.FAILED, "TooSlow")
    assert "did not come to an end within 1 s" in outcomes[0].detail
    assert outcomes[1].result is Result.SUCCEEDED


def test_closing_ends_what_is_under_way(fetcher: IsolatedFetcher, source: HttpSource) -> None:
    url = source.set("/stalls.html", Answer(b"<html>", says_bytes=99, stalls=True))
    failed = Event()

    def fetch() -> None:
        with pytest.raises(RuntimeError, match="closed"):
            fetcher.fetch(video(url))
        failed.set()

    Thread(target=fetch, daemon=True).start()
    wait_for(lambda: source.asked["/stalls.html"] > 0, "it is asked")
    fetcher.close()
    assert failed.wait(PATIENCE_SECONDS)
    with pytest.raises(RuntimeError, match="closed"):
        fetcher.fetch(video(url))


def test_it_ends_by_itself_where_its_parent_does_not_look_or_is_gone(hostile: None, source: HttpSource) -> None:
    def started(url: str) -> subprocess.Popen[bytes]:
        process, pipe = isolation._start()
        setting = {"cookies": None, "networks": ["127.0.0.1/32"], "folders": [], "limits": asdict(TIGHT)}
        levels = {"level": logging.INFO, "libraries_level": logging.WARNING}
        pipe.recv_bytes()
        pipe.send_bytes(json.dumps({**setting, **levels, "grace_seconds": 0.1}).encode())
        pipe.send_bytes(json.dumps({"kind": "list", "urls": [url], "limit": None}).encode())
        kept.append(pipe)
        return process

    kept: list[object] = []
    hangs = started(f"{source.url}/regex-hangs.html")
    assert hangs.wait(PATIENCE_SECONDS) == -signal.SIGALRM
    orphan = started(source.set("/stalls.html", Answer(b"<html>", says_bytes=99, stalls=True)))
    assert orphan.stdin is not None
    orphan.stdin.close()
    assert orphan.wait(PATIENCE_SECONDS) == os.EX_OK


def test_its_log_lines_are_those_of_this_process(
    fetcher: IsolatedFetcher, source: HttpSource, caplog: pytest.LogCaptureFixture
) -> None:
    url = source.set("/watch.html", Answer(status=429, headers={"Retry-After": "3600"}))
    with caplog.at_level(logging.WARNING), pytest.raises(Exception, match="429"):
        fetcher.fetch(video(url))
    assert "Retry-After 3600" in caplog.text


def test_what_no_video_can_be_fetched_with_ends_the_step(tmp_path: Path) -> None:
    cookies = tmp_path / "cookies.txt"
    cookies.write_bytes(b"\xff\xfe")
    for scratch, told, error in ((tmp_path, cookies, ConfigurationError), (tmp_path / "missing", None, PodTooSmall)):
        fetcher = IsolatedFetcher(SOURCE, scratch, told, LOOPBACK)
        try:
            with pytest.raises(error, match=r"cookies|scratch folder"):
                fetcher.fetch(video("http://unused"))
        finally:
            fetcher.close()


def test_a_list_is_that_of_one_process_and_its_errors_are(source: HttpSource) -> None:
    urls = [f"{source.url}/{number}.html" for number in range(3)]
    videos = list_isolated([source.feed(urls, durations=[61, 5, 7])], 2, None, LOOPBACK)
    assert [(one.url, one.duration_seconds) for one in videos] == [(urls[0], 61.0), (urls[1], 5.0)]
    with pytest.raises(ConfigurationError, match="lead to no video") as caught:
        list_isolated([f"{source.url}/gone.html"], None, None, LOOPBACK)
    assert caught.value.reason == "NoVideos"
    with pytest.raises(SourceBlocked):
        list_isolated([source.set("/blocked.xml", Answer(status=429))], None, None, LOOPBACK)


@pytest.mark.parametrize("name", ["regex-hangs", "playlist-hangs"])
def test_a_list_that_does_not_end_is_a_source_that_does_not_serve(hostile: None, source: HttpSource, name: str) -> None:
    with pytest.raises(SourceUnavailable, match="did not come to an end within 1 s"):
        list_isolated([f"{source.url}/{name}.xml"], None, None, LOOPBACK, TIGHT, GRACE_SECONDS)
