"""Secrets are planted, and everything that comes out is searched for them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingestion_contract.exit_codes import ExitCode
from tests.worker.support.http_source import Answer, HttpSource, page
from tests.worker.support.runs import PATIENCE_SECONDS, REPOSITORY, Workspace

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
