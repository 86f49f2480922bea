"""The examples are runs."""

from pathlib import Path

import pytest
import yaml

from ingestion_contract.spec import parse_run

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_a_run(path: Path) -> None:
    run = parse_run(yaml.safe_load(path.read_text()))
    assert run.metadata.name
    assert run.spec.source.urls
