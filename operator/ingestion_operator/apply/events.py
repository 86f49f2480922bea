"""Posting events of a run, each once."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from ingestion_contract import identity
from ingestion_contract.redaction import redacted
from ingestion_contract.spec import IngestionRun
from ingestion_operator.kube import AlreadyExists, ApiError, Kube
from ingestion_operator.resources import EVENTS
from ingestion_operator.run_log import RunLog
from ingestion_operator.status.notices import Notice

COMPONENT = "ingestion-operator"
_MAX_MESSAGE = 1024
_logger = logging.getLogger(__name__)


async def post(kube: Kube, run: IngestionRun, notices: Iterable[Notice], now: datetime) -> None:
    """Post the notices. An event that the API server does not take is logged: the status already says the same."""
    log = RunLog(_logger, run.metadata.namespace, run.metadata.name)
    for notice in notices:
        try:
            await kube.create(EVENTS, event(run, notice, now))
        except AlreadyExists:
            continue
        except ApiError as problem:
            log.warning("event %s was not taken: %s", notice.reason, problem)
        _tell(log, notice)


def _tell(log: RunLog, notice: Notice) -> None:
    """Log a notice in one line; as JSON, with its parts as fields."""
    fields: dict[str, object] = {"reason": notice.reason}
    if (change := notice.change) is not None:
        fields |= {"lever": change.lever, "from": change.from_, "to": change.to}
    log.info("%s: %s", notice.reason, notice.message, extra=fields)


def event(run: IngestionRun, notice: Notice, now: datetime) -> dict[str, Any]:
    """Return a notice as an event; the same notice of the same run always has the same name."""
    identity_of = "|".join((run.metadata.uid, notice.reason, notice.key))
    digest = hashlib.sha256(identity_of.encode()).hexdigest()[:16]
    time = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{run.metadata.name}.{digest}", "namespace": run.metadata.namespace},
        "involvedObject": {
            "apiVersion": identity.API_VERSION,
            "kind": identity.KIND,
            "name": run.metadata.name,
            "namespace": run.metadata.namespace,
            "uid": run.metadata.uid,
        },
        "type": notice.type.value,
        "reason": notice.reason,
        "message": redacted(notice.message)[:_MAX_MESSAGE],
        "source": {"component": COMPONENT},
        "reportingComponent": COMPONENT,
        "firstTimestamp": time,
        "lastTimestamp": time,
        "count": 1,
    }
