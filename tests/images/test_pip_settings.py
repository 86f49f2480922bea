"""How this machine's settings of pip reach a build."""

from configparser import ConfigParser
from pathlib import Path

import pytest

from dev.image.pip_settings import write_secrets


def settings(folder: Path) -> dict[str, str]:
    parser = ConfigParser(interpolation=None)
    parser.read(folder / "pip.conf")
    return dict(parser["global"])


def test_an_index_and_its_certificates_are_handed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://someone:secret@index.invalid/simple")
    monkeypatch.setenv("PIP_CERT", str(tmp_path / "authority.pem"))
    options = write_secrets(tmp_path)
    assert settings(tmp_path)["index-url"] == "https://someone:secret@index.invalid/simple"
    assert settings(tmp_path)["cert"] == "/run/secrets/ca.pem"
    assert options == [
        f"--secret=id=pip.conf,src={tmp_path}/pip.conf",
        f"--secret=id=ca.pem,src={tmp_path}/authority.pem",
    ]


def test_folders_of_this_machine_are_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    write_secrets(tmp_path)
    assert "find-links" not in settings(tmp_path)


def test_the_environment_goes_before_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "of-the-user").write_text("[global]\ntimeout = 1\nretries = 7\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "of-the-user"))
    monkeypatch.setenv("PIP_TIMEOUT", "2")
    write_secrets(tmp_path)
    assert settings(tmp_path)["timeout"] == "2"
    assert settings(tmp_path)["retries"] == "7"
