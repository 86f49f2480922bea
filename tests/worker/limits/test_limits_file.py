"""The limits file changes under the worker's feet."""

import os
from pathlib import Path

import pytest

from ingestion_contract.limits import Limits
from ingestion_worker.memory.limits_file import LimitsFile


def test_without_a_file_nothing_is_limited(tmp_path: Path) -> None:
    limits = LimitsFile(tmp_path / "limits.json")
    assert limits.current() == Limits()
    assert not limits.given


def test_a_file_without_a_budget_is_a_sign_of_somebody_who_sets_limits(tmp_path: Path) -> None:
    path = tmp_path / "limits.json"
    path.write_text('{"revision": 0}')
    limits = LimitsFile(path)
    assert limits.current() == Limits()
    assert limits.given


def test_a_change_is_seen_at_the_next_look_even_within_the_same_second(tmp_path: Path) -> None:
    path = tmp_path / "limits.json"
    limits = LimitsFile(path)
    for revision in (1, 2):
        path.write_text(f'{{"revision": {revision}, "budgetBytes": {revision}000, "ofANewerVersion": 1}}')
        os.utime(path, (1, 1))
        assert limits.current() == Limits(revision=revision, budget_bytes=revision * 1000)


def test_a_kubelets_swap_of_a_link_is_a_change(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "limits.json").write_text(f'{{"revision": {len(name)}}}')
    data = tmp_path / "..data"
    data.symlink_to("first")
    (tmp_path / "limits.json").symlink_to("..data/limits.json")
    limits = LimitsFile(tmp_path / "limits.json")
    assert limits.current().revision == 5
    (tmp_path / "..new").symlink_to("second")
    (tmp_path / "..new").replace(data)
    assert limits.current().revision == 6


@pytest.mark.parametrize("content", ["", '{"revision": 2, "budg', '{"revision": -1}', "[]", "\udcff"])
def test_a_half_written_file_leaves_the_last_good_limits_and_is_logged_once(
    tmp_path: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "limits.json"
    path.write_text('{"revision": 1, "budgetBytes": 7}')
    limits = LimitsFile(path)
    limits.current()
    path.write_bytes(content.encode(errors="surrogateescape"))
    caplog.clear()
    for _ in range(3):
        assert limits.current() == Limits(revision=1, budget_bytes=7)
    assert len(caplog.records) == 1
    path.unlink()
    assert limits.current().revision == 1
    path.write_text('{"revision": 3}')
    assert limits.current() == Limits(revision=3)
