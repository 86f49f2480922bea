"""The kinds of objects that the operator reads and writes."""

from __future__ import annotations

from ingestion_contract import identity
from ingestion_operator.kube import Resource

RUNS = Resource(identity.GROUP, identity.VERSION, identity.PLURAL)
JOBS = Resource("batch", "v1", "jobs")
PODS = Resource("", "v1", "pods")
CONFIG_MAPS = Resource("", "v1", "configmaps")
EVENTS = Resource("", "v1", "events")
