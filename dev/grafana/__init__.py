"""What Grafana reads: two dashboards, and the alerts as rules of its own. `python -m dev.write_grafana` writes them."""
