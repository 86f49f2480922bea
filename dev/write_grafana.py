"""Write what Grafana reads, from `dev/grafana` and the alerts: `python -m dev.write_grafana`."""

from __future__ import annotations

from pathlib import Path

from dev.grafana import alert_rules, alerts, operator, run

ROOT = Path(__file__).parents[1]
MONITORING = ROOT / "monitoring"
DASHBOARDS = MONITORING / "dashboards"
ALERT_RULES = MONITORING / "grafana" / "alerting" / "ingestion-operator.yaml"


def rendered() -> dict[Path, str]:
    """Return the text of each file, by path."""
    dashboards = {DASHBOARDS / f"{page.UID}.json": page.rendered() for page in (run, operator)}
    return {**dashboards, ALERT_RULES: alert_rules.rendered(alerts.groups(), dashboards.values())}


def main() -> None:
    """Write the files and say so."""
    for path, text in rendered().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
