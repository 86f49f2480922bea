"""Write what Grafana reads, from `dev/grafana` and the alerts: `python -m dev.write_grafana`."""

from __future__ import annotations

from pathlib import Path

import yaml

from dev.grafana import alert_rules, operator, run

ROOT = Path(__file__).parents[1]
MONITORING = ROOT / "monitoring"
ALERTS = MONITORING / "alerts"
DASHBOARDS = MONITORING / "dashboards"
ALERT_RULES = MONITORING / "grafana" / "alerting" / "ingestion-operator.yaml"


def rendered() -> dict[Path, str]:
    """Return the text of each file, by path."""
    dashboards = {DASHBOARDS / f"{page.UID}.json": page.rendered() for page in (run, operator)}
    groups = [
        group
        for path in sorted(ALERTS.glob("*.yaml"))
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
    ]
    return {**dashboards, ALERT_RULES: alert_rules.rendered(groups, dashboards.values())}


def main() -> None:
    """Write the files and say so."""
    for path, text in rendered().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
