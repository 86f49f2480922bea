"""Every command that the documentation quotes exists, with its options, their values, and what make may be told."""

import importlib.util
import re
import shlex
from collections.abc import Iterator, Mapping
from enum import Enum
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from typer.core import TyperGroup
from typer.main import get_group

from ingestion_operator.cli import app as operator
from ingestion_worker.commands import app as ingest
from kubectl_ingest.cli import app as kubectl_ingest
from tests.docs.kit import PAGES, ROOT, code

EXAMPLES = sorted(path for folder in ("examples", "gitops") for path in (ROOT / folder).rglob("*.yaml"))
MAKE = re.compile(r"(?:^|\$ |&& |; |: )make ([a-z][a-z-]*)((?: [A-Z_]+=\S+)*)")
MODULE = re.compile(r"(?:^|/|\s)python3? -m ([\w.]+)")
PROGRAMS: Mapping[str, TyperGroup] = {
    "kubectl ingest": get_group(kubectl_ingest),
    "ingestion-operator": get_group(operator),
    "ingest": get_group(ingest),
}
PROGRAM = re.compile(rf"^(?:\$ |\S*/)?({'|'.join(PROGRAMS)}) +(\w[^|&;>]*)$")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.MULTILINE))
TOLD = set(re.findall(r"^([A-Z_]+) \?=", MAKEFILE, re.MULTILINE))
"""What may be told to make on its command line."""


def unknown(text: str) -> list[str]:
    """Return what a text quotes and there is not."""
    return [found for part in code(text) for line in part.splitlines() for found in _unknown_in(line)]


def _unknown_in(line: str) -> Iterator[str]:
    line = line.partition(" #")[0].rstrip()
    yield from (f"make {name}" for name, _ in MAKE.findall(line) if name not in TARGETS)
    told = (setting for _, settings in MAKE.findall(line) for setting in settings.split())
    yield from (f"make {setting}" for setting in told if setting.partition("=")[0] not in TOLD)
    yield from (f"python -m {name}" for name in MODULE.findall(line) if not _is_module(name))
    quoted = PROGRAM.match(line)
    if quoted:
        yield from _unknown_options(quoted[1], shlex.split(quoted[2]))


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def _unknown_options(program: str, words: list[str]) -> Iterator[str]:
    command = PROGRAMS[program].commands.get(words[0])
    if command is None:
        yield f"{program} {words[0]}"
        return
    known = {option: item.name for item in command.params for option in (*item.opts, *item.secondary_opts)}
    hints = get_type_hints(command.callback)
    for word, after in pairwise([*words[1:], ""]):
        option, _, value = word.partition("=")
        if not re.match(r"--?[a-z]", option) or option == "--help":
            continue
        if option not in known:
            yield f"{program} {words[0]} {option}"
        elif (choices := _choices(hints.get(known[option]))) and (value or after) not in choices:
            yield f"{program} {words[0]} {option} {value or after}"


def _choices(hint: Any) -> list[str]:
    """Return the values that an option takes, if it takes only some."""
    kinds = [hint, *get_args(hint)]
    return [member.value for kind in kinds if isinstance(kind, type) and issubclass(kind, Enum) for member in kind]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_exist(page: Path) -> None:
    assert unknown(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_in_the_comments_of_examples_exist(example: Path) -> None:
    comments = re.findall(r"^# {3}(\S.*)$", example.read_text(encoding="utf-8"), re.MULTILINE)
    fenced = "\n".join(["```", *comments, "```"])

    assert unknown(fenced) == []


def test_a_command_that_is_not_there_is_found() -> None:
    text = """
Prose may say to make anything. `make nothing`, `ingest dance`, `ingest run --limit 3 --size=2 URL`

```
$ make demo VIDEOS=50 && make fun    # and make no comment
make demo GPUS=3
ingest search "x" --mode best
.venv/bin/python -m dev.nothing x
python -m http.server
kubectl ingest status talks \\
  --follow --watch
ingestion-operator run --worker-image IMAGE --adapt
```
"""
    assert unknown(text) == [
        "make nothing",
        "ingest dance",
        "ingest run --size",
        "make fun",
        "make GPUS=3",
        "ingest search --mode best",
        "python -m dev.nothing",
        "kubectl ingest status --follow",
        "ingestion-operator run --adapt",
    ]


def test_the_pages_do_quote_commands() -> None:
    quoted = "\n".join(part for page in PAGES for part in code(page.read_text(encoding="utf-8")))

    for wanted in ("make demo", "ingest run", "ingest doctor", "kubectl ingest status", "ingestion-operator run"):
        assert wanted in quoted
