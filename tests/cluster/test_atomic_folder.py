"""The folder of a mounted ConfigMap or Secret."""

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from dev.cluster.node.atomic_folder import replace_content

CONTENT = st.dictionaries(
    st.from_regex(r"[a-z0-9][-._a-z0-9]{0,8}", fullmatch=True), st.binary(max_size=20), max_size=4
)


def visible(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith("..")}


@given(st.lists(CONTENT, min_size=1, max_size=4))
def test_after_each_change_exactly_the_new_files_are_there(contents: list[dict[str, bytes]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for content in contents:
            replace_content(folder, content)
            assert visible(folder) == content


@given(CONTENT)
def test_what_has_not_changed_is_left_alone(content: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        assert replace_content(folder, content)
        assert not replace_content(folder, content)


def test_a_reader_that_holds_the_old_folder_sees_no_half_of_the_new_one(tmp_path: Path) -> None:
    replace_content(tmp_path, {"budget": b"1", "revision": b"1"})
    before = (tmp_path / "..data").readlink()
    replace_content(tmp_path, {"budget": b"2", "revision": b"2"})
    assert (tmp_path / "..data").readlink() != before
    assert (tmp_path / "budget").readlink() == Path("..data/budget")
