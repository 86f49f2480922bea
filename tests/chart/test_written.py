"""What the chart repeats of other files is current."""

import pytest

from dev.write_chart import CHART, rendered, table, values, written


def test_readme_alerts_and_dashboards_are_current() -> None:
    on_disk = {path: path.read_text(encoding="utf-8") for path in written()}

    assert on_disk == rendered(), "run `make chart` and commit the result"


def test_every_default_is_told_once() -> None:
    names = [value.name for value in values((CHART / "values.yaml").read_text(encoding="utf-8"))]

    assert len(names) == len(set(names))
    assert {"levers", "image.tag", "resources", "monitoring.podMonitor.interval"} <= set(names)


def test_a_comment_of_several_lines_is_one_meaning_and_an_outer_mapping_may_have_none() -> None:
    text = "# Files.\n\nouter:\n  # How\n  # often.\n  inner: {a: [1]}\n"

    assert table(values(text)).splitlines()[-1] == '| `outer.inner` | `{"a": [1]}` | How often. |'


def test_a_value_without_a_comment_is_refused() -> None:
    with pytest.raises(ValueError, match=r"line 4: outer\.second has no comment above it"):
        values("outer:\n  # Said.\n  first: 1\n  second: 2\n")
