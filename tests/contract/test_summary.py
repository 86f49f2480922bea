"""Termination messages cross a border of trust: what a worker writes always fits, and what is read never surprises."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion_contract.metrics import Stage
from ingestion_contract.summary import (
    MAX_BYTES,
    MAX_COUNT,
    MAX_DETAIL,
    ErrorSummary,
    FinishSummary,
    MemoryReport,
    ShardSummary,
    decode_summary,
    encode_summary,
)

counts = st.integers(0, MAX_COUNT)
reports = st.builds(
    MemoryReport,
    gpu_uuid=st.text("GPU-0123456789abcdef", max_size=128),
    stage=st.sampled_from(Stage),
    total_bytes=counts,
    used_bytes=counts,
    own_bytes=counts,
    floor_bytes=st.none() | counts,
)
shard_summaries = st.builds(
    ShardSummary,
    shard=counts,
    total=counts,
    succeeded=counts,
    failed=counts,
    skipped=counts,
    audio_seconds=counts,
    oom_events=counts,
    memory=st.none() | reports,
)


@given(shard_summaries)
def test_a_shard_summary_survives_the_termination_message(summary: ShardSummary) -> None:
    assert decode_summary(encode_summary(summary)) == summary


def test_a_summary_of_a_newer_worker_is_read_without_its_new_fields() -> None:
    text = '{"version":1,"kind":"shard","shard":0,"total":2,"succeeded":1,"failed":0,"skipped":1,"gpuHours":3}'

    assert decode_summary(text) == ShardSummary(shard=0, total=2, succeeded=1, failed=0, skipped=1)


@given(st.none() | st.text() | st.binary().map(lambda raw: raw.decode("utf-8", errors="surrogateescape")))
def test_anything_else_is_no_summary(text: str | None) -> None:
    assert decode_summary(text) is None


def test_a_message_that_is_too_long_is_no_summary() -> None:
    text = encode_summary(ErrorSummary(reason="NoVideos", detail="x"))

    assert decode_summary(text + " " * MAX_BYTES) is None


def test_a_summary_that_does_not_fit_is_refused_before_it_is_cut() -> None:
    detail = "\0" * MAX_DETAIL  # six bytes each in JSON

    with pytest.raises(ValueError, match="more than 4096"):
        encode_summary(ErrorSummary(reason="InternalError", detail=detail))


def test_the_longest_summary_of_a_run_fits() -> None:
    reasons = {"A" * 62 + first + second: 10**9 for first in "abcd" for second in "abcdefgh"}
    many = MAX_COUNT
    summary = FinishSummary(total=many, succeeded=many, failed=many, skipped=many, reasons=reasons, audio_seconds=many)
    assert decode_summary(encode_summary(summary)) == summary


@pytest.mark.parametrize("reason", ["", "two words", "1st", "Caf\u00e9", "A\n", "A" * 65])
def test_a_reason_that_is_no_word_is_no_summary(reason: str) -> None:
    """It becomes the reason of a condition, which the API server takes only as a word."""
    error = {"version": 1, "kind": "error", "reason": reason, "detail": "x"}
    finish = {"kind": "finish", "total": 1, "succeeded": 0, "failed": 1, "skipped": 0, "reasons": {reason: 1}}
    assert decode_summary(json.dumps(error)) is None
    assert decode_summary(json.dumps(finish)) is None


def test_a_number_that_no_status_could_hold_makes_no_summary() -> None:
    assert decode_summary(json.dumps({"kind": "discover", "count": 10**30, "shards": 1, "digest": ""})) is None
