"""The index holds what the runs list, and nothing else, whatever happened before."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import lancedb
import psycopg
import pyarrow as pa
import pytest
import stamina

from ingestion_contract import layout
from ingestion_contract.spec import IndexType
from ingestion_worker.conclusion import OutputUnavailable
from ingestion_worker.index import lance_storage, rows
from ingestion_worker.index.backends import open_index
from ingestion_worker.index.counts import IndexCounts
from ingestion_worker.index.entries import Entry, VectorSpace
from ingestion_worker.index.interface import ChunkIndex
from ingestion_worker.index.lance import LanceIndex
from ingestion_worker.index.postgres import PostgresIndex
from ingestion_worker.index.refresh import refresh
from ingestion_worker.output.store import Store
from ingestion_worker.source.ids import video_id
from tests.worker.index.conftest import Opened
from tests.worker.index.kit import BREAD, DIMENSION, EMBEDDER, SHIPS, STARS, Library

SPACE = VectorSpace(EMBEDDER, DIMENSION)
ALL = {"bread": BREAD, "ships": SHIPS, "stars": STARS}


def refreshed(opened: Opened, library: Library, *names: str) -> IndexCounts:
    with opened() as index:
        return refresh(index, library.store, names)


def held(opened: Opened, space: VectorSpace = SPACE) -> dict[str, Entry]:
    with opened() as index:
        return index.entries(space)


def test_it_holds_every_chunk_of_every_video(opened: Opened, library: Library) -> None:
    made = library.run("talks", ALL)
    assert refreshed(opened, library) == IndexCounts(videos=3, rows=6, written=3)
    assert held(opened) == {video: Entry(manifest.key, manifest.chunks) for video, manifest in made.items()}


def test_an_output_without_a_run_has_none(opened: Opened, library: Library) -> None:
    assert refreshed(opened, library) == IndexCounts()
    assert held(opened) == {}
    assert library.store.list("index") == []


def test_a_video_without_words_has_no_row(opened: Opened, library: Library) -> None:
    library.run("talks", {"bread": BREAD, "silence": []})
    assert refreshed(opened, library) == IndexCounts(videos=1, rows=2, written=1)
    assert refreshed(opened, library).written == 0


def test_a_grown_list_writes_only_the_new_videos(opened: Opened, library: Library) -> None:
    library.run("talks", {"bread": BREAD})
    refreshed(opened, library)
    library.run("talks", ALL, day=1)
    assert refreshed(opened, library) == IndexCounts(videos=3, rows=6, written=2)


def test_a_video_that_the_latest_run_of_the_name_lists_no_more_goes(opened: Opened, library: Library) -> None:
    library.run("talks", ALL)
    refreshed(opened, library)
    library.run("talks", {"bread": BREAD}, day=1)
    assert refreshed(opened, library) == IndexCounts(videos=1, rows=2, removed=2)
    assert set(held(opened)) == {"bread"}


def test_runs_of_other_names_keep_their_videos(opened: Opened, library: Library) -> None:
    library.run("talks", {"bread": BREAD, "ships": SHIPS})
    library.run("more", {"ships": SHIPS, "stars": STARS}, day=1)
    library.run("talks", {"bread": BREAD}, day=2)
    refreshed(opened, library)
    assert set(held(opened)) == {"bread", "ships", "stars"}


def test_it_may_be_narrowed_to_some_names(opened: Opened, library: Library) -> None:
    library.run("talks", {"bread": BREAD})
    library.run("more", {"stars": STARS})
    refreshed(opened, library)
    assert refreshed(opened, library, "more") == IndexCounts(videos=1, rows=2, removed=1)


def test_a_run_that_still_works_hides_nothing(opened: Opened, library: Library) -> None:
    library.run("talks", ALL)
    library.run("talks", {"bread": BREAD}, day=1, counted=False)
    assert refreshed(opened, library).videos == 3


def test_a_run_that_was_never_counted_is_found_where_there_is_no_other(opened: Opened, library: Library) -> None:
    library.run("talks", ALL, counted=False)
    assert refreshed(opened, library).videos == 3


@pytest.mark.parametrize(("before", "after", "chunks"), [(14, 7, 3), (7, 50, 1)], ids=["into more", "into fewer"])
def test_a_video_that_was_cut_again_replaces_its_rows(
    opened: Opened, library: Library, before: int, after: int, chunks: int
) -> None:
    library.run("talks", ALL, chunk_tokens=before)
    refreshed(opened, library)
    made = library.run("talks", {"bread": BREAD}, day=1, chunk_tokens=after)
    assert refreshed(opened, library).written == 1
    assert held(opened) == {"bread": Entry(made["bread"].key, chunks)}


def test_of_two_runs_that_cut_a_video_differently_the_later_counts(opened: Opened, library: Library) -> None:
    library.run("older", {"bread": BREAD}, chunk_tokens=14)
    made = library.run("newer", {"bread": BREAD}, day=1, chunk_tokens=50)
    refreshed(opened, library)
    assert held(opened)["bread"].key == made["bread"].key
    assert refreshed(opened, library).written == 0


def test_each_embedder_has_a_table(opened: Opened, library: Library) -> None:
    library.run("talks", ALL)
    library.run("more", {"bread": BREAD}, embedder="tests/another", dimension=8)
    refreshed(opened, library)
    with opened() as index:
        assert index.spaces() == [VectorSpace("tests/another", 8), SPACE]
    library.run("more", {"bread": BREAD}, day=1)
    assert refreshed(opened, library).removed == 1
    with opened() as index:
        assert index.spaces() == [SPACE]


def test_a_damaged_file_stays_out_and_harms_no_other(opened: Opened, library: Library) -> None:
    made = library.run("talks", ALL)
    library.store.write(made["ships"].files[0].path, b"no Parquet")
    assert refreshed(opened, library) == IndexCounts(videos=2, rows=4, written=2, damaged=1)
    assert set(held(opened)) == {"bread", "stars"}


def test_where_every_file_is_damaged_there_is_nothing_to_remove(opened: Opened, library: Library) -> None:
    made = library.run("talks", {"bread": BREAD, "ships": SHIPS})
    for manifest in made.values():
        library.store.write(manifest.files[0].path, b"no Parquet")
    assert refreshed(opened, library) == IndexCounts(damaged=2)
    assert held(opened) == {}


def test_a_file_that_was_damaged_since_takes_its_rows_along(opened: Opened, library: Library) -> None:
    library.run("talks", {"bread": BREAD, "ships": SHIPS})
    refreshed(opened, library)
    made = library.run("talks", {"bread": BREAD, "ships": SHIPS}, day=1, chunk_tokens=50)
    library.store.write(made["ships"].files[0].path, b"no Parquet")
    assert refreshed(opened, library) == IndexCounts(videos=1, rows=1, written=1, damaged=1)
    assert set(held(opened)) == {"bread"}


def test_the_longest_id_that_a_source_can_give_is_a_key(opened: Opened, library: Library) -> None:
    longest = video_id("".join(chr(0x10000 + number) for number in range(4000)))
    library.run("talks", {longest: BREAD})
    assert refreshed(opened, library).written == 1
    assert set(held(opened)) == {longest}


def test_ids_and_texts_of_strangers_are_only_data(opened: Opened, library: Library) -> None:
    evil = 'x\'); DROP TABLE chunks; -- "%s"'
    library.run("talks", {evil: ["it's a \0 trap; DELETE FROM chunks"], "bread": BREAD})
    assert refreshed(opened, library).videos == 2
    assert set(held(opened)) == {evil, "bread"}
    library.run("talks", {"bread": BREAD}, day=1)
    refreshed(opened, library)
    assert set(held(opened)) == {"bread"}


class Killed(BaseException):
    """Nothing catches this on the way."""


def test_ended_in_the_middle_it_is_completed_by_the_next(
    opened: Opened, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.run("talks", ALL)
    monkeypatch.setattr(rows, "BATCH_BYTES", 1)
    with opened() as index:
        monkeypatch.setattr(index, "replace", _killed_after(index.replace, 2))
        with pytest.raises(Killed):
            refresh(index, library.store)
    assert set(held(opened)) == {"bread", "ships"}
    assert refreshed(opened, library) == IndexCounts(videos=3, rows=6, written=1)
    with opened() as index:
        assert [chunk.video_id for chunk in index.by_text(SPACE, "harbour hydrogen", 9)] != []


def _killed_after(
    replace: Callable[[VectorSpace, pa.Table], None], times: int
) -> Callable[[VectorSpace, pa.Table], None]:
    done: list[VectorSpace] = []

    def replace_or_die(space: VectorSpace, table: pa.Table) -> None:
        if len(done) == times:
            raise Killed
        done.append(space)
        replace(space, table)

    return replace_or_die


def test_rows_of_two_keys_at_once_are_set_right(opened: Opened, library: Library) -> None:
    made = library.run("talks", {"bread": BREAD})
    refreshed(opened, library)
    with opened() as index:
        table = next(rows.read(library.store, SPACE, ["bread"], {"bread": Entry(made["bread"].key, 2)})).table
        mixed = table.set_column(table.schema.get_field_index("video_key"), "video_key", pa.array(["a", "b"]))
        index.replace(SPACE, mixed)
    assert refreshed(opened, library).written == 1
    assert held(opened) == {"bread": Entry(made["bread"].key, 2)}


def test_rows_that_two_processes_wrote_at_once_are_there_once_at_the_end(library: Library) -> None:
    made = library.run("talks", ALL)
    refresh(LanceIndex(library.store), library.store)
    other = LanceIndex(library.store)
    entry = Entry(made["bread"].key, 2)
    table = next(rows.read(library.store, SPACE, ["bread"], {"bread": entry})).table
    lancedb.connect(lance_storage.address(library.store)).open_table(SPACE.table).add(table)
    assert other.entries(SPACE)["bread"].rows == 4
    assert refresh(other, library.store).written == 1
    assert other.entries(SPACE)["bread"] == entry


def test_processes_that_write_at_the_same_time_make_one_whole_index(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "BATCH_BYTES", 1)
    many = {f"{video}{copy}": sentences for video, sentences in ALL.items() for copy in range(5)}
    made = library.run("talks", many)
    start = Barrier(2)

    def write() -> IndexCounts:
        index = LanceIndex(library.store)
        start.wait()
        return refresh(index, library.store)

    with ThreadPoolExecutor(2) as threads:
        done = [thread.result() for thread in [threads.submit(write) for _ in range(2)]]
    assert {counts.rows for counts in done} == {30}
    entries = LanceIndex(library.store).entries(SPACE)
    assert entries == {video: Entry(manifest.key, manifest.chunks) for video, manifest in made.items()}


def test_a_table_that_another_process_keeps_changing_is_not_called_done(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.run("talks", ALL)
    index = LanceIndex(library.store)
    monkeypatch.setattr(index, "replace", lambda *_: None)
    with (
        stamina.set_testing(True, attempts=3),
        pytest.raises(OutputUnavailable, match=r"keep writing to chunks_.* run `ingest index` when they are done"),
    ):
        refresh(index, library.store)


def state_of(index: ChunkIndex) -> object:
    """What changes with every write."""
    if isinstance(index, LanceIndex):
        return index.version(SPACE)
    assert isinstance(index, PostgresIndex)
    with psycopg.connect() as connection:
        return connection.execute(f"SELECT xmin, ctid, * FROM {SPACE.table} ORDER BY ctid").fetchall()


def test_done_twice_the_second_time_writes_nothing(opened: Opened, library: Library) -> None:
    library.run("talks", ALL)
    refreshed(opened, library)
    with opened() as index:
        before = state_of(index)
        assert refresh(index, library.store).written == 0
        assert state_of(index) == before
    with opened() as index:
        assert state_of(index) == before


def test_outputs_that_share_a_database_leave_each_other_alone(library: Library, database: str) -> None:
    assert database
    other = Library(Store(f"{library.store.uri}-of-others"))
    library.run("talks", {"bread": BREAD})
    other.run("talks", {"bread": BREAD, "ships": SHIPS})
    for output in (library, other, library):
        with open_index(IndexType.PGVECTOR, output.store) as index:
            refresh(index, output.store)
    library.run("talks", {"stars": STARS}, day=1)
    with open_index(IndexType.PGVECTOR, library.store) as index:
        refresh(index, library.store)
        assert set(index.entries(SPACE)) == {"stars"}
        assert index.by_text(SPACE, "bread harbour", 9) == []
    with open_index(IndexType.PGVECTOR, other.store) as index:
        assert set(index.entries(SPACE)) == {"bread", "ships"}


def test_it_lies_beside_the_output(library: Library) -> None:
    library.run("talks", ALL)
    with open_index(IndexType.LANCEDB, library.store) as index:
        refresh(index, library.store)
    assert library.store.folders(layout.lance_index()) == [f"{SPACE.table}.lance"]
