"""Whatever the API server takes, the operator can read and answer; what it refuses, it refuses by the field's name."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from ingestion_contract.limits import Limits
from ingestion_contract.pod import Step
from ingestion_contract.spec import MOST_URL_BYTES, IngestionRun, parse_run
from ingestion_operator.desired.config_maps import RUN_KEY, limits_config_map, run_config_map
from ingestion_operator.desired.jobs import single_job, work_job
from ingestion_operator.desired.pod_template import WorkerSettings
from tests.hostile.api_server import ApiServer
from tests.hostile.manifests import FULL, from_the_schema, mutated
from tests.manifests import with_field

pytestmark = pytest.mark.long

MANIFESTS = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
NAMES_A_FIELD = re.compile(r"\bspec\b|metadata\.name")


def made_of(run: IngestionRun) -> list[dict[str, Any]]:
    """Everything that the operator would make of a run."""
    worker = WorkerSettings("worker")
    jobs = [single_job(run, Step.DISCOVER, worker), work_job(run, 3, 1, worker), single_job(run, Step.FINISH, worker)]
    return [run_config_map(run), limits_config_map(run, Limits(revision=0)), *jobs]


def check(api_server: ApiServer, spec: object) -> None:
    answer = api_server.answer("hostile", spec)
    if answer.stored is not None:
        assert made_of(parse_run(answer.stored))
        return
    assert answer.status in (400, 422), answer
    assert NAMES_A_FIELD.search(answer.sentence), answer


@MANIFESTS
@given(from_the_schema())
def test_a_manifest_of_the_schema_is_read_as_the_api_server_stores_it_or_refused_by_field(
    api_server: ApiServer, spec: object
) -> None:
    check(api_server, spec)


@MANIFESTS
@given(mutated())
def test_a_good_manifest_with_something_changed_is_read_or_refused_by_field(
    api_server: ApiServer, spec: object
) -> None:
    check(api_server, spec)


TOO_MUCH = {
    "source.urls": ["http://h/" + "a" * 2039] * 500,
    "source.urls[0]": ["http://h/" + "\x01" * 2039] * 20,
    "source": {"urls": ["http://h/" + "\U0001f3ac" * 2000] * 20},
    "workers.nodeSelector": {"a" * 1_000_000: "b"},
    "workers.resources.limits": {"a" * 1_000_000: 1},
    "workers.resources.limits.cpu": "1" * 1_000_000,
    "workers.priorityClassName": "a" * 1_000_000,
    "source.cookiesSecretRef.name": "another-namespace/secret",
    "source.cookiesSecretRef.key": "../../key",
    "output.persistentVolumeClaim.claimName": "another-namespace/claim",
    "output.persistentVolumeClaim.path": "a\x00b",
    "output.credentialsSecretRef.name": "\u202esecret",
}
"""What would be stored, and could then not be written with a status, mounted, or named to a process."""


@pytest.mark.parametrize("field", TOO_MUCH)
def test_what_could_be_stored_but_not_answered_is_refused_by_field(api_server: ApiServer, field: str) -> None:
    manifest = with_field({"spec": FULL}, f"spec.{field.removesuffix('[0]')}", TOO_MUCH[field])
    answer = api_server.answer("hostile", manifest["spec"])
    assert answer.status == 422
    assert f"spec.{field}" in answer.sentence


def test_the_largest_run_that_is_let_in_has_room_for_its_status_and_its_config_map(api_server: ApiServer) -> None:
    # An ampersand is six bytes in the JSON of the API server; a film camera is twelve in Python's.
    for letter in ("&", "\U0001f3ac"):
        most = MOST_URL_BYTES // len(letter.encode())
        urls = [letter * 2048] * (most // 2048)
        answer = api_server.answer("hostile", FULL | {"source": {"urls": urls}})
        assert answer.stored is not None, answer.sentence
        assert len(json.dumps(answer.stored)) < 2**20
        assert len(run_config_map(parse_run(answer.stored))["data"][RUN_KEY]) < 2**20
