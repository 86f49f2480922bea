"""What a linter, and the rest of the repository, say of the Dockerfiles."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from dev.image.build import REPOSITORY, Image

HADOLINT = Path(sys.prefix) / "bin" / "hadolint"


def complaints(dockerfile: Path) -> set[str]:
    """Return the codes of the rules that hadolint sees broken."""
    command = [str(HADOLINT), "--no-fail", "--format", "json", str(dockerfile)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=60)
    return {found["code"] for found in json.loads(done.stdout)}


@pytest.mark.parametrize("image", Image)
def test_the_linter_has_nothing_to_complain_of(image: Image) -> None:
    assert complaints(image.dockerfile) == set()


def test_the_linter_does_complain(tmp_path: Path) -> None:
    bad = tmp_path / "Dockerfile"
    bad.write_text("FROM debian:latest\nRUN cd /srv && apt-get install python3 && pip install kopf\nUSER root\n")
    assert complaints(bad) >= {"DL3007", "DL3003", "DL3008", "DL3013", "DL3002"}


@pytest.mark.parametrize("image", Image)
def test_it_installs_extras_that_there_are(image: Image) -> None:
    text = image.dockerfile.read_text(encoding="utf-8")
    extras = {extra for names in re.findall(r'extras="([a-z0-9 ]+)"', text) for extra in names.split()}
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert extras
    assert extras <= set(project["optional-dependencies"])


def test_workers_have_the_back_ends_of_the_storage_that_the_documentation_names() -> None:
    variants = re.findall(r'extras="([a-z0-9 ]+)"', Image.WORKER.dockerfile.read_text(encoding="utf-8"))
    assert variants
    assert all({"s3", "gcs"} <= set(variant.split()) for variant in variants)


def test_the_documentation_names_every_argument_of_the_builds_and_no_other() -> None:
    page = (REPOSITORY / "docs" / "images.md").read_text(encoding="utf-8")
    table = page.split("| argument | default | meaning |", 1)[1].split("\n\n", 1)[0]
    cells = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    told = {name for cell in cells for name in re.findall(r"`([A-Z_]+)`", cell)}
    dockerfiles = "\n".join(image.dockerfile.read_text(encoding="utf-8") for image in Image)
    assert told == set(re.findall(r"^ARG ([A-Z_]+)", dockerfiles, re.MULTILINE))


def test_an_image_begins_as_the_documentation_says() -> None:
    worker, operator = (image.dockerfile.read_text(encoding="utf-8") for image in (Image.WORKER, Image.OPERATOR))
    assert 'ENTRYPOINT ["ingest"]\nCMD ["doctor"]' in worker
    assert 'ENTRYPOINT ["ingestion-operator"]' in operator
    for text in (worker, operator):
        assert "USER 65532:65532" in text


def test_both_images_stand_on_the_same_base() -> None:
    bases = {re.findall(r"^ARG BASE_IMAGE=(.+)$", image.dockerfile.read_text(), re.MULTILINE)[0] for image in Image}
    assert len(bases) == 1
    assert re.fullmatch(r"\S+:\d+\.\d+-slim", bases.pop()), "the base is named by a point release"


def test_the_chart_asks_for_the_images_by_their_names() -> None:
    values = yaml.safe_load((REPOSITORY / "charts/ingestion-operator/values.yaml").read_text(encoding="utf-8"))
    assert values["image"]["repository"] == Image.OPERATOR
    assert values["workerImage"]["repository"] == Image.WORKER
