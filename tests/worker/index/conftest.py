"""What the tests of the index share: an output, and both databases."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from ingestion_contract.spec import IndexType
from ingestion_worker.index.backends import open_index
from ingestion_worker.index.interface import ChunkIndex
from ingestion_worker.output.store import Store
from tests.worker.index.kit import Library
from tests.worker.support.postgres import postgres_server

Opened = Callable[[], AbstractContextManager[ChunkIndex]]


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """An output without a run."""
    return Library(Store(f"file://{tmp_path}/output"))


@pytest.fixture(scope="session")
def server() -> Iterator[dict[str, str]]:
    """A PostgreSQL server; the path of its socket must be short."""
    with TemporaryDirectory(prefix="pg-") as folder, postgres_server(Path(folder)) as variables:
        yield variables


@pytest.fixture
def database(server: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty database, to which the PG* variables lead; its name."""
    name = f"test_{uuid4().hex[:8]}"
    for variable, value in server.items():
        monkeypatch.setenv(variable, value)
    with psycopg.connect(autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    monkeypatch.setenv("PGDATABASE", name)
    return name


@pytest.fixture(params=[IndexType.LANCEDB, IndexType.PGVECTOR])
def kind(request: pytest.FixtureRequest) -> IndexType:
    """Each of the databases in turn."""
    if request.param is IndexType.PGVECTOR:
        request.getfixturevalue("database")
    chosen: IndexType = request.param
    return chosen


@pytest.fixture
def opened(kind: IndexType, library: Library) -> Opened:
    """Opens the output's index."""
    return lambda: open_index(kind, library.store)
