"""Runs that were let in and cannot go well, on a real operator: each is told what is wrong, and others go on."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from ingestion_contract.status import ConditionStatus, ConditionType, IngestionRunStatus
from ingestion_operator.status.conditions import find_condition
from tests.hostile.api_server import ApiServer
from tests.operator.cluster.kit import Operator, Runs

pytestmark = pytest.mark.long

FILM = "\U0001f3ac"
URL = "http://stand-in/?videos=1&shards=1"


def a_run(**spec: Any) -> dict[str, Any]:
    output = {"persistentVolumeClaim": {"claimName": "results", "path": "hostile"}, "index": {"type": "None"}}
    workers = {"parallelism": {"initial": 1, "min": 1, "max": 1}}
    return {"source": {"urls": [URL]}, "output": output, "workers": workers, **spec}


def workers(**fields: Any) -> dict[str, Any]:
    return a_run(workers={"parallelism": {"initial": 1, "min": 1, "max": 1}, **fields})


def source(**fields: Any) -> dict[str, Any]:
    return a_run(source={"urls": [URL], **fields})


def output(**fields: Any) -> dict[str, Any]:
    claim = {"persistentVolumeClaim": {"claimName": "results", "path": "hostile"}}
    return a_run(output={**claim, "index": {"type": "None"}, **fields})


TOLD = {
    "selector-key": (workers(nodeSelector={"a b": "c"}), "nodeSelector"),
    "selector-value": (workers(nodeSelector={"a": "\u202e"}), "nodeSelector"),
    "quantity": (workers(resources={"limits": {"cpu": "many"}}), "quantit"),
    "negative": (workers(resources={"limits": {"nvidia.com/gpu": -1}}), "nvidia.com/gpu"),
    "resource-name": (workers(resources={"limits": {"\U0001f3ac": 1}}), "limits"),
    "effect": (workers(tolerations=[{"key": "a", "effect": FILM}]), "tolerations"),
    "too-much": (workers(resources={"limits": {"nvidia.com/gpu": 999}}), "Insufficient nvidia.com/gpu"),
    "no-credentials": (output(credentialsSecretRef={"name": "none-such"}), "none-such"),
    "no-claim": (output(persistentVolumeClaim={"claimName": "none-such"}), "none-such"),
}
"""What the Job's own rules, the scheduler or the kubelet refuse, and words of the sentence that the run then has."""

ANSWERED = {
    "film-urls": source(urls=["http://h/" + FILM * 2000] * 16),
    "no-url": source(urls=["'; DROP TABLE videos; --"]),
    "blank-url": source(urls=[" "]),
    "half-address": source(urls=["http://[::1"]),
    "variable": output(persistentVolumeClaim={"claimName": "results", "path": "$(HOME)$$"}),
    "storage": a_run(output={"uri": f"none://{FILM}/$(HOME)"}),
    "language": source(languages=["\u0000", "\u202e"]),
    "model": a_run(transcription={"models": [{"languages": ["\n"], "model": "../" * 100}]}),
    "queue": a_run(queueName="none-such"),
    "no-time": a_run(activeDeadlineSeconds=1, ttlSecondsAfterFinished=0),
    "empty-maps": workers(nodeSelector={"": ""}, resources={"limits": {"": ""}}),
}
"""What is odd, but may come to its end."""


async def test_every_run_that_cannot_go_is_told_why_and_a_good_one_goes_to_its_end_beside_them(
    api_server: ApiServer, runs: Runs, operator: Operator
) -> None:
    for name, (spec, _) in TOLD.items():
        assert api_server.answer(name, spec, keep=True).status == 201, name
    for name, spec in ANSWERED.items():
        assert api_server.answer(name, spec, keep=True).status == 201, name
    for name, (_, words) in TOLD.items():
        await runs.until(f"{words} is told of", partial(says, words), name)
    for name in ANSWERED:
        await runs.until("a condition says how it is", told, name)
    await runs.apply("good", shards=1, videos=1)
    status = await runs.until_ended("good")
    assert status.progress == "1/1"
    for name in (*TOLD, *ANSWERED):
        assert len(json.dumps((await runs.status(name)).to_wire())) < 100_000
    assert "could not be looked at" not in operator.log.read_text()


def says(words: str, status: IngestionRunStatus) -> bool:
    return words in told(status)


def told(status: IngestionRunStatus) -> str:
    """What Ready says."""
    ready = find_condition(status.conditions, ConditionType.READY)
    return (
        f"{ready.reason}: {ready.message}" if ready is not None and ready.status is not ConditionStatus.UNKNOWN else ""
    )
