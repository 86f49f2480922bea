"""An S3 server for the tests of this folder."""

from collections.abc import Iterator

import pytest

from tests.worker.support.s3 import bucket, s3_server


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """The server's address."""
    with s3_server() as address:
        yield address


@pytest.fixture
def output(s3: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of an empty output in object storage; its prefix has what people write into prefixes."""
    with bucket(s3, monkeypatch) as url:
        yield f"{url}/all talks/2026+q1"
