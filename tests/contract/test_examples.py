"""The examples are runs."""

from pathlib import Path

import pytest
import yaml

from ingestion_contract.spec import Captions, IndexType, parse_run

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_a_run(path: Path) -> None:
    run = parse_run(yaml.safe_load(path.read_text()))
    assert run.metadata.name
    assert run.spec.source.urls


def test_there_is_one_for_each_way_to_begin() -> None:
    runs = [parse_run(yaml.safe_load(path.read_text())) for path in EXAMPLES]
    schemes = {url.partition("://")[0] for run in runs for url in run.spec.source.urls}
    assert schemes >= {"https", "s3", "file"}
    assert {run.spec.source.captions for run in runs} >= {Captions.PREFER, Captions.ONLY}
    assert {run.spec.output.index.type for run in runs} >= {IndexType.LANCEDB, IndexType.PGVECTOR}
    assert len({run.metadata.name for run in runs}) == len(runs), "applied together, none is in another's way"
