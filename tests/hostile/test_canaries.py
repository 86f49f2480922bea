"""Secrets are planted, and everything that comes out is searched for them."""

from __future__ import annotations

import contextlib
import logging
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from yt_dlp.utils import YoutubeDLError

from ingestion_contract import pod
from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.records import Video
from ingestion_contract.spec import Source
from ingestion_worker.media.errors import MediaError
from ingestion_worker.source.fetch import Fetcher
from tests.worker.support.http_source import LOOPBACK, Answer, HttpSource, page
from tests.worker.support.runs import PATIENCE_SECONDS, REPOSITORY, Workspace

pytestmark = pytest.mark.long

CANARY = "canary-7f3a"
CREDENTIALS = {
    name: f"{CANARY}-{name}"
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "PGPASSWORD", "HF_TOKEN")
}
CAPTIONS = "WEBVTT\n\n00:00.000 --> 00:02.000\nhello from the captions\n"


@pytest.fixture
def source() -> Iterator[HttpSource]:
    """A web server that answers as told."""
    with HttpSource() as server:
        yield server


def leaks(folder: Path) -> list[str]:
    """Files below a folder in which a canary stands, or whose names have one."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [str(path) for path in files if CANARY in str(path) or CANARY.encode() in path.read_bytes()]


def odd_pages(source: HttpSource) -> list[str]:
    """One video that is good, and others with which all goes wrong."""
    captions = source.set("/captions.vtt", Answer(CAPTIONS.encode(), kind="text/vtt"))
    return [
        source.set("/good.html", page(f"{source.url}/none.mp3", captions)),
        source.set("/forbidden.html", Answer(status=403)),
        source.set("/gone.html", Answer(status=404)),
        source.set("/broken.html", page(source.set("/broken.ogg", Answer(b"OggS" * 100, kind="audio/ogg")))),
        source.set("/inside.html", Answer(status=302, headers={"Location": "http://169.254.169.254/latest"})),
        source.set("/file.html", Answer(status=302, headers={"Location": "file:///ingestion/cookies/cookies.txt"})),
    ]


def in_a_pod(environment: dict[str, str]) -> dict[str, str]:
    """The same, as the keys of a Secret come into a pod, and beside them keys that are none of the known."""
    found = {**environment, "LD_PRELOAD": f"{CANARY}-preload", "AWS_CONFIG_FILE": f"{CANARY}-config"}
    return {f"{pod.CREDENTIAL_PREFIX}{name}": value for name, value in found.items()}


def signed(source: HttpSource, path: str, *answers: Answer) -> str:
    """Set the answers of a signed address, and return it."""
    return source.set(f"{path}?id=7&sig={CANARY}-sig&token={CANARY}-token", *answers)


def signed_pages(source: HttpSource) -> list[str]:
    """Videos behind signed addresses: one that is good, and others with which all goes wrong."""
    captions = signed(source, "/captions.vtt", Answer(CAPTIONS.encode(), kind="text/vtt"))
    refused = signed(source, "/refused.ogg", Answer(status=403))
    return [
        signed(source, "/good.html", page(f"{source.url}/none.mp3", captions.replace("&", "&amp;"))),
        signed(source, "/media.html", page(refused.replace("&", "&amp;"))),
        signed(source, "/noise.ogg", Answer(b"OggS" * 100, kind="audio/ogg")),
        signed(source, "/forbidden.html", Answer(status=403)),
        signed(source, "/gone.html", Answer(status=404)),
        signed(source, "/empty.html", Answer(b"<html>nothing</html>")),
        f"http://user:{CANARY}-password@127.0.0.1:1/talk.ogg",
        f"http://169.254.169.254/talk.ogg?X-Amz-Signature={CANARY}",
        f"http://[half/?token={CANARY}",
    ]


def steps(run: Workspace, *more: str, **environment: str) -> str:
    """Take all steps of a run, with all details in the log, and return what they say."""
    said = ""
    for arguments in (("discover",), ("work", "--shard", "0", "--port", "0"), ("finish",)):
        done = subprocess.run(
            run.arguments(*arguments, "--verbose", *more),
            env=run.environment(**environment),
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        assert done.returncode == ExitCode.DONE, done.stderr
        said += done.stdout + done.stderr + (run.root / "message").read_text()
    return said


def test_a_worker_tells_nothing_of_a_secret_as_it_comes_into_a_pod(source: HttpSource, tmp_path: Path) -> None:
    run = Workspace(tmp_path)
    run.write_run([source.feed(odd_pages(source)[:2])])
    run.write_limits()
    assert CANARY not in steps(run, **in_a_pod(CREDENTIALS))
    assert leaks(tmp_path) == []


def test_signed_addresses_are_used_and_not_shown(source: HttpSource, tmp_path: Path) -> None:
    """Only the list of videos, which the workers go by, has them whole; so has the manifest of the run."""
    run = Workspace(tmp_path)
    pages = signed_pages(source)
    feed = source.feed(pages, path=f"/feed.xml?token={CANARY}")
    run.write_run([feed])
    run.write_limits()
    said = steps(run)
    assert CANARY not in said
    outcomes = run.outcomes()
    assert [one.result.value for one in outcomes.values()].count("succeeded") == 1, "it was asked as it is"
    assert len(outcomes) >= len(pages) - 1
    listed = next(run.output.glob("_runs/*/videos.jsonl"))
    assert leaks(run.output) == [str(listed)]
    assert (next(run.output.glob("_runs/*/run-report.html"))).is_file()
    [manifest] = run.manifests().values()
    assert manifest.video.url.endswith("/good.html?id=7&sig=REDACTED&token=REDACTED")
    for more in ((), ("--json",)):
        found = subprocess.run(
            [*run.command, "search", "hello", "--mode", "text", "--output", str(run.output), *more],
            env=run.environment(),
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=True,
        )
        assert "good.html" in found.stdout
        assert CANARY not in found.stdout + found.stderr


def test_a_proxys_password_is_not_told_when_the_proxy_does_not_answer(source: HttpSource, tmp_path: Path) -> None:
    run = Workspace(tmp_path)
    run.write_run(["http://talks.example/list"])
    proxy = f"http://user:{CANARY}@127.0.0.1:1"
    done = subprocess.run(
        run.arguments("discover", "--verbose"),
        env=run.environment(http_proxy=proxy, https_proxy=proxy, HTTP_PROXY=proxy, HTTPS_PROXY=proxy),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == ExitCode.FAILURE, done.stderr
    assert CANARY not in done.stdout + done.stderr
    assert leaks(tmp_path) == []


def test_cookies_are_not_told(source: HttpSource, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The jar of a fetcher, whatever it asks; a jar that is none is said to be none."""
    jar = tmp_path / "cookies.txt"
    jar.write_text(f"# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t0\tsession\t{CANARY}\n")
    broken = tmp_path / "broken.txt"
    broken.write_text(f"{CANARY}\n")
    for cookies in (jar, broken):
        with caplog.at_level(logging.DEBUG):
            fetcher = Fetcher(Source(urls=["http://unused"]), tmp_path, cookies, LOOPBACK)
            for address in odd_pages(source):
                with contextlib.suppress(YoutubeDLError, MediaError, OSError):
                    fetcher.fetch(Video(id="test:1", url=address))
        assert CANARY not in caplog.text


def test_a_worker_tells_nothing_of_its_environment_whatever_goes_wrong(source: HttpSource, tmp_path: Path) -> None:
    run = Workspace(tmp_path)
    pages = odd_pages(source)
    run.write_run([source.feed(pages)])
    run.write_limits()
    for arguments in (("discover",), ("work", "--shard", "0", "--port", "0"), ("finish",)):
        done = subprocess.run(
            run.arguments(*arguments),
            env=run.environment(**CREDENTIALS),
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        assert done.returncode == ExitCode.DONE, done.stderr
        assert CANARY not in done.stdout + done.stderr
    assert len(run.outcomes()) == len(pages), "all went as far as they should"
    assert leaks(tmp_path) == []
