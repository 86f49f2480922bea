"""Which new run does what another one has left."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion_contract.identity import MAX_RUN_NAME_LENGTH
from ingestion_contract.spec import parse_run
from kubectl_ingest.refusal import Refusal
from kubectl_ingest.retry import next_name, retry
from tests.kubectl_plugin.kit import ended, make_run, running, summary


def test_the_spec_is_copied_under_a_new_name_without_what_the_cluster_added() -> None:
    found = retry(ended(), ["talks"])

    assert found.manifest["metadata"] == {"name": "talks-retry-1", "namespace": "media"}
    assert set(found.manifest) == {"apiVersion", "kind", "metadata", "spec"}
    assert found.manifest["spec"] | {"suspend": False} == make_run()["spec"]
    assert parse_run(found.manifest).metadata.name == "talks-retry-1"


def test_it_says_what_is_taken_up() -> None:
    told = (
        "takes up 2 videos of 200 that talks did not ingest, and looks again at 1 that were skipped (Network 2, Gone 1)"
    )

    assert retry(ended(), []).takes_up == told


def test_a_run_that_was_suspended_at_its_end_is_not_suspended_again() -> None:
    run = ended()
    run["spec"]["suspend"] = True

    assert "suspend" not in retry(run, []).manifest["spec"]


def test_fields_of_a_newer_release_are_copied_too() -> None:
    run = ended()
    run["spec"]["queueName"] = "gpus"

    assert retry(run, []).manifest["spec"]["queueName"] == "gpus"


def test_a_run_that_ended_before_it_had_a_list_may_be_retried() -> None:
    run = ended(complete=False, videos={"total": 0})

    assert retry(run, []).manifest["metadata"]["name"] == "talks-retry-1"


@pytest.mark.parametrize(
    ("run", "sentence"),
    [
        (
            running(),
            r"talks is still going \(50/200\): wait for its end with `kubectl ingest status talks -n media --watch`",
        ),
        (make_run(), r"talks is still going \(nothing listed yet\)"),
        (
            running(conditions=summary("False", "False", "True", "OOMAtMinimum")),
            "talks has stalled at 50/200, .* changed",
        ),
        (running(conditions=summary("False", "False", "False", "Suspended")), "talks is suspended at 50/200"),
        (ended(succeeded=200, failed=0, skipped=0), "nothing failed in talks"),
        (ended(succeeded=199, failed=0), "nothing failed in talks.*1 were skipped .*under another name"),
    ],
)
def test_it_is_refused_while_the_run_goes_on_and_when_nothing_failed(run: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refusal, match=sentence):
        retry(run, [])


def test_a_retry_of_a_retry_counts_on() -> None:
    assert next_name("talks-retry-1", {"talks", "talks-retry-1"}) == "talks-retry-2"


@given(st.from_regex(r"[a-z]([a-z0-9-]{0,50}[a-z0-9])?", fullmatch=True))
def test_the_name_is_always_new_and_one_that_the_api_server_takes(name: str) -> None:
    names: set[str] = set()
    for _ in range(12):
        found = next_name(name, names)

        assert found not in names
        assert len(found) <= MAX_RUN_NAME_LENGTH
        assert found[0].isalpha()
        names.add(found)
