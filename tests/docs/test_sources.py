"""docs/sources.md names the commands that take rules of addresses, and the bounds that the worker has."""

import re

from typer.main import get_group

from ingestion_worker.commands import app
from ingestion_worker.media.length import MOST_HOURS
from ingestion_worker.source.allowance import FetchLimits
from ingestion_worker.source.captions import MAX_PIECES
from tests.docs.kit import ROOT

PAGE = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")


def test_the_commands_that_ask_a_source_take_its_rules_and_no_other_does() -> None:
    commands = get_group(app).commands.items()
    taking = {name for name, command in commands if any("--allow-network" in item.opts for item in command.params)}
    [told] = re.findall(r"^- (.*) take the options", PAGE, re.MULTILINE)

    assert set(re.findall(r"`(\w+)`", told)) == taking


def test_bounds_of_captions_are_those_of_the_worker() -> None:
    mib = FetchLimits().caption_bytes // 2**20

    assert f"Captions of more than {mib} MiB, or of more than {MAX_PIECES:,} lines or parts, are passed over" in PAGE
    assert f"a duration above {MOST_HOURS} hours" in PAGE
