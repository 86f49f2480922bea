"""docs/output.md is true: its examples run, and it names every field that there is."""

import io
import json
import re
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest

from ingestion_contract import layout
from ingestion_contract.base import ApiModel
from ingestion_contract.records import (
    Checkpoint,
    Outcome,
    RunRecord,
    ShardCut,
    TranscriptManifest,
    Video,
    VideoManifest,
)
from ingestion_contract.summary import FinishSummary
from ingestion_worker.index.entries import VectorSpace
from ingestion_worker.index.rows import schema
from ingestion_worker.output.store import Store
from tests.worker.index.kit import BREAD, SHIPS, STARS, Library
from tests.worker.support.runs import REPOSITORY

PAGE = (REPOSITORY / "docs" / "output.md").read_text()
ALL = {"bread": BREAD, "ships": SHIPS, "silence": [], "stars": STARS}


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    """A run's output, which is the working folder; with an attempt that no manifest names."""
    library = Library(Store(f"file://{tmp_path}"))
    made = library.run("talks", ALL)
    library.list("talks-0", ALL)
    library.store.write(layout.attempt(made["bread"].key, "overtaken") + "/chunks.parquet", b"not Parquet")
    monkeypatch.chdir(tmp_path)
    return library


def examples(language: str) -> list[str]:
    """The page's examples in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def answers(library: Library) -> list[pd.DataFrame]:
    """What the SQL examples give, in DuckDB."""
    assert library.store.uri
    connection = duckdb.connect()
    found: list[pd.DataFrame] = []
    for example in examples("sql"):
        answer: Any = None
        for statement in duckdb.extract_statements(example):
            answer = connection.sql(statement.query) or answer
        found.append(answer.df())
    return found


def test_duckdb_reads_what_was_said_what_is_near_and_what_became_of_the_videos(library: Library) -> None:
    said, near, became = answers(library)
    assert said["text"].tolist() == [*BREAD, *SHIPS, *STARS]
    assert said["title"].unique().tolist() == ["About bread", "About ships", "About stars"]
    assert said["start"].tolist()[:2] == [0.0, 3.5]
    assert len(near) == 5
    assert near["video_id"][0] == "bread"
    assert near["similarity"][0] == pytest.approx(1)
    assert became[["name", "result", "videos"]].to_numpy().tolist() == [["talks", "succeeded", 4]]


def test_pandas_reads_the_same(library: Library) -> None:
    assert library.store.uri
    scope: dict[str, Any] = {}
    for example in examples("python"):
        exec(example, scope)  # the page's own words
    assert sorted(scope["chunks"]["video_id"].unique()) == ["bread", "ships", "stars"]
    assert scope["nearest"]["similarity"].iloc[0] == pytest.approx(1)
    assert scope["vectors"].shape == (6, 32)
    transcript = scope["segments"]
    assert transcript.empty or transcript["text"].tolist() in [BREAD, SHIPS, STARS]


def fields(heading: str, column: int = 0) -> list[str]:
    """What the tables below a heading name, in order."""
    [section] = re.findall(rf"^{re.escape(heading)}$(.*?)(?=^#|^Of a |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    cells = [line.split("|")[1:-1] for line in section.splitlines() if line.startswith("|")]
    named = [re.search(r"`([^`]+)`", cell[column]) for cell in cells]
    return [name[1] for name in named if name]


def wire(kind: type[ApiModel]) -> list[str]:
    return [field.alias or name for name, field in kind.model_fields.items()]


def test_every_column_of_the_chunks_is_explained_with_its_type(library: Library) -> None:
    made = library.run("talks", ALL)["bread"]
    content = library.store.read(made.files[0].path)
    assert content is not None
    stored = pq.read_schema(io.BytesIO(content))
    assert fields("## Chunks: `chunks.parquet`") == [
        *[name for name in stored.names if name in ("chunk_index", "start", "end", "text", "tokens")],
        *[name for name in stored.names if name not in ("chunk_index", "start", "end", "text", "tokens")],
    ]
    types = dict(re.findall(r"^\| `(\w+)` \| (int32|double|string|float\[dimension\]) \|", PAGE, re.MULTILINE))
    assert {name: types[name] for name in stored.names if name != "vector"} == {
        name: str(stored.field(name).type) for name in stored.names if name != "vector"
    }


def test_every_field_of_a_segment_is_explained(library: Library) -> None:
    manifest = library.store.read_record(
        layout.transcript_manifest(library.run("talks", ALL)["bread"].transcript_key), TranscriptManifest
    )
    assert manifest is not None
    line = json.loads((library.store.read(manifest.files[0].path) or b"").splitlines()[0])
    assert set(line) <= set(fields("## Transcripts: `transcript.jsonl` and `transcript.vtt`"))


@pytest.mark.parametrize(
    ("heading", "kind"), [("Of a transcript:", TranscriptManifest), ("Of a video:", VideoManifest)]
)
def test_every_field_of_a_manifest_is_explained(heading: str, kind: type[ApiModel]) -> None:
    assert fields(heading) == wire(kind)


def test_every_field_of_a_run_s_records_is_explained() -> None:
    kinds = (RunRecord, Video, ShardCut, Outcome, FinishSummary, Checkpoint)
    assert fields("## Records of a run", 1) == [name for kind in kinds for name in wire(kind)]


def test_every_column_of_the_index_is_explained() -> None:
    assert fields("## The index") == schema(VectorSpace("any", 8)).names


def test_versions_are_those_of_the_page() -> None:
    for kind in (TranscriptManifest, VideoManifest):
        assert f"| `schemaVersion` | {kind.model_fields['schema_version'].default};" in PAGE
