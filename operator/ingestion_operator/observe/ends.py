"""Tells the log how the pods of a run end: the trace of a shard that fails, after its pod has gone."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from ingestion_contract.exit_codes import ExitCode
from ingestion_contract.pod import Step
from ingestion_operator.observe.pods import Exit, Pod
from ingestion_operator.run_log import RunLog

_logger = logging.getLogger(__name__)
_AS_IT_SHOULD = (ExitCode.DONE, ExitCode.STOPPED)


class EndsOfPods:
    """Says each end once, as long as the pod is known; a new operator says once more what is still there."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def tell(self, namespace: str, run: str, pods: Iterable[Pod]) -> None:
        """Log the ends that are new, with step, shard, pod and exit code as fields."""
        ended = {pod.uid: pod for pod in pods if pod.exit is not None}
        for uid in ended.keys() - self._told:
            _tell(RunLog(_logger, namespace, run), ended[uid])
        self._told = set(ended)


def _tell(log: RunLog, pod: Pod) -> None:
    assert pod.exit is not None
    fields: dict[str, object] = {"step": pod.step, "pod": pod.name, "exit_code": pod.exit.code}
    subject = f"step {pod.step}"
    if pod.step is Step.WORK and pod.index is not None:
        fields["shard"] = pod.index
        subject = f"shard {pod.index}"
    level = logging.INFO if pod.exit.code in _AS_IT_SHOULD else logging.WARNING
    log.log(level, "%s: pod %s ended: %s", subject, pod.name, _words(pod.exit), extra=fields)


def _words(ended: Exit) -> str:
    known = ExitCode(ended.code).name if ended.code in tuple(ExitCode) else "unknown"
    words = f"exit code {ended.code}, {known}"
    return f"{words}, {ended.reason}" if ended.reason == "OOMKilled" else words
