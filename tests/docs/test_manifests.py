"""Every run that the documentation shows as YAML is one that the API takes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from ingestion_contract.spec import parse_run
from tests.docs.kit import PAGES, ROOT, tokens


def runs(text: str) -> Iterator[dict[str, Any]]:
    for token in tokens(text):
        if token.type == "fence" and token.info == "yaml":
            yield from (found for found in yaml.safe_load_all(token.content) if found.get("kind") == "IngestionRun")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_runs_are_valid(page: Path) -> None:
    for manifest in runs(page.read_text(encoding="utf-8")):
        parse_run(manifest)


def test_runs_are_shown_where_people_begin() -> None:
    for page in ("README.md", "docs/quickstart.md", "docs/tutorial.md"):
        assert list(runs((ROOT / page).read_text(encoding="utf-8"))), page


def test_a_run_that_is_not_valid_is_found() -> None:
    text = (
        "```yaml\nkind: IngestionRun\nmetadata: {name: x}\nspec: {source: {urls: [u]}, outptu: {uri: s3://b/p}}\n```\n"
    )
    (manifest,) = runs(text)

    with pytest.raises(ValidationError, match="outptu"):
        parse_run(manifest)
