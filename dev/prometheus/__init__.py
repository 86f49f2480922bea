"""A real Prometheus on this machine, for tests and to look at."""

from dev.prometheus.pace import paced
from dev.prometheus.server import Alert, Prometheus, Series

__all__ = ["Alert", "Prometheus", "Series", "paced"]
