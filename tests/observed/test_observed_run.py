"""A real Prometheus scrapes a demonstration: alerts fire in it and clear, and the dashboards show it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.cluster.testing import require_cluster
from dev.demo.manifests import NAMESPACE, RUN
from dev.demo.options import Options
from dev.grafana.preview import Window, draw
from dev.grafana.reading import concrete, marks, panels
from dev.observed.scene import AWAY, Observed, observed
from dev.write_grafana import DASHBOARDS

pytestmark = pytest.mark.long

VARIABLES = {"namespace": NAMESPACE, "run": RUN, "datasource": "prometheus"}
FILES = sorted(DASHBOARDS.glob("*.json"))
PACE = 150
"""A GPU that is above its target for ten minutes wakes somebody; here it is for some twenty seconds."""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observed]:
    require_cluster()
    build = tmp_path_factory.mktemp("observed")
    options = Options(40, 24, 4, adapt=True, keep=False, kill_operator=False, build=build)
    with observed(options, PACE, print) as found:
        yield found


def test_a_device_that_stays_above_its_target_fires_an_alert_that_clears_with_the_run(tmp_path: Path) -> None:
    """Four workers fit on 40 GiB, above the target; the operator may not answer that."""
    require_cluster()
    options = Options(40, 40, 4, adapt=False, keep=False, kill_operator=False, build=tmp_path)
    with observed(options, PACE, print) as found:
        assert found.result.complete
        assert "IngestionDeviceMemoryAboveTarget" in found.fired_and_cleared


def test_an_operator_that_is_away_fires_an_alert_that_clears_when_it_is_back(seen: Observed) -> None:
    assert AWAY in seen.fired_and_cleared


def test_nothing_fires_at_the_end(seen: Observed) -> None:
    assert not seen.firing


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_panel_shows_something_of_the_run(path: Path, seen: Observed) -> None:
    text = path.read_text(encoding="utf-8")
    asked = {f"{panel.title}, {target.letter}": target.expr for panel in panels(text) for target in panel.targets}
    # The last moment that is asked for is that of the end, which only then is known.
    began = seen.ended - round(seen.ended - seen.began)
    empty = {
        where
        for where, expr in {**asked, **dict(marks(text))}.items()
        if not seen.prometheus.over_time(concrete(expr, VARIABLES, 6), began, seen.ended, 1)
    }
    assert empty == set()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_preview_is_drawn(path: Path, seen: Observed, tmp_path: Path) -> None:
    picture = tmp_path / "preview.png"
    window = Window(seen.began, seen.ended)
    draw(path.read_text(encoding="utf-8"), seen.prometheus, VARIABLES, window, "a test", picture)
    assert picture.stat().st_size > 100_000
