"""Write what the chart repeats of other files: `make chart`.

The values in its README come from the comments in values.yaml; alerts and dashboards are copies of those in
`monitoring/`, since a chart can read only what lies inside it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

ROOT = Path(__file__).parents[1]
CHART = ROOT / "charts" / "ingestion-operator"
README = CHART / "README.md"
COPIED = {
    CHART / "files" / "alerts": (ROOT / "monitoring" / "alerts", "*.yaml"),
    CHART / "files" / "dashboards": (ROOT / "monitoring" / "dashboards", "*.json"),
    CHART / "files" / "grafana-alerts": (ROOT / "monitoring" / "grafana" / "alerting", "*.yaml"),
}
BEGIN = "<!-- values: begin, written by `make chart` -->\n"
END = "<!-- values: end -->\n"


class Value(NamedTuple):
    """A value of the chart.

    Attributes:
        name: as `--set` takes it.
        default: as JSON.
        meaning: the comment above it.
    """

    name: str
    default: str
    meaning: str


def values(text: str) -> list[Value]:
    """Return the values of a values.yaml in their order, each with the comment right above it.

    Raises:
        ValueError: a value has none.
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        raise ValueError("values.yaml is not a mapping")
    return list(_values(root, "", text.splitlines()))


def _values(mapping: yaml.MappingNode, prefix: str, lines: list[str]) -> Iterator[Value]:
    for key, node in mapping.value:
        name = f"{prefix}{key.value}"
        meaning = _comment_above(key.start_mark.line, lines)
        if meaning:
            default = yaml.safe_load(yaml.serialize(node))
            yield Value(name, json.dumps(default), meaning)
        elif isinstance(node, yaml.MappingNode) and node.value:
            yield from _values(node, f"{name}.", lines)
        else:
            raise ValueError(f"values.yaml, line {key.start_mark.line + 1}: {name} has no comment above it")


def _comment_above(line: int, lines: list[str]) -> str:
    found: list[str] = []
    while line > 0 and lines[line - 1].lstrip().startswith("#"):
        line -= 1
        found.insert(0, lines[line].lstrip().removeprefix("#").strip())
    return " ".join(found)


def table(described: list[Value]) -> str:
    """Return the values as a table in Markdown."""
    rows = [f"| `{value.name}` | `{value.default}` | {value.meaning} |" for value in described]
    return "\n".join(["| value | default | meaning |", "|---|---|---|", *rows, ""])


def rendered() -> dict[Path, str]:
    """Return the text of each file that is written, by path.

    Raises:
        ValueError: a value has no comment, or the README no place for them.
    """
    return {README: _readme(), **_copies()}


def written() -> list[Path]:
    """Return the files that are there now."""
    return [README, *(path for folder, (_, pattern) in COPIED.items() for path in folder.glob(pattern))]


def _readme() -> str:
    before, begin, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{README.relative_to(ROOT)} has no lines {BEGIN!r} and {END!r} to put the values between")
    return before + begin + table(values((CHART / "values.yaml").read_text(encoding="utf-8"))) + end + after


def _copies() -> dict[Path, str]:
    return {
        folder / path.name: path.read_text(encoding="utf-8")
        for folder, (source, pattern) in COPIED.items()
        for path in sorted(source.glob(pattern))
    }


def main() -> None:
    """Write every file and say so; remove copies of what is gone."""
    texts = rendered()
    for path in written():
        if path not in texts:
            path.unlink()
            print(f"removed {path.relative_to(ROOT)}")
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
