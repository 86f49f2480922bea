"""Secrets in addresses, and in the words of workers, do not come out of the operator or the kubectl plugin."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from ingestion_contract.spec import parse_run
from ingestion_contract.status import ConditionType
from ingestion_operator.apply.events import event
from ingestion_operator.decision.decide import decide
from ingestion_operator.logs import set_up_logs
from ingestion_operator.observe.recording import Record, decode, encode
from ingestion_operator.status.conditions import Conditions
from ingestion_operator.status.notices import Notice, NoticeType
from tests.kubectl_plugin.kit import StandIn, condition, make_run, summary
from tests.kubectl_plugin.test_command import ingest
from tests.operator.kit import NOW, make_snapshot
from tests.operator.kit import make_run as parsed_run

CANARY = "canary-7f3a"
SIGNED = f"https://videos.example/talk.mp4?sig={CANARY}&token={CANARY}&v=1"
SAID = f"https://user:{CANARY}@videos.example/a and {SIGNED} do not answer: 403"


@pytest.mark.parametrize(
    ("change", "field", "mend"),
    [
        ({"source": {"urls": [f"https://user:{CANARY}@h/"]}}, "spec.source.urls", "spec.source.cookiesSecretRef"),
        ({"source": {"urls": ["https://h/", f"https://{CANARY}@h/"]}}, "spec.source.urls", "signed URL"),
        ({"output": {"uri": f"s3://key:{CANARY}@bucket/x"}}, "spec.output.uri", "spec.output.credentialsSecretRef"),
    ],
)
def test_a_password_in_an_address_is_refused_with_the_field_and_the_mend(
    change: dict[str, object], field: str, mend: str
) -> None:
    spec = {"source": {"urls": ["https://h/"]}, "output": {"uri": "s3://bucket/x"}, **change}
    with pytest.raises(ValidationError) as caught:
        parse_run({"metadata": {"name": "talks"}, "spec": spec})
    messages = [detail["msg"] for detail in caught.value.errors()]
    assert any(field in message and mend in message for message in messages)
    assert CANARY not in "".join(messages)


@pytest.mark.parametrize("address", ["https://www.youtube.com/@channel", "s3://bucket/a@b.mp4", "ytsearch:me@work"])
def test_an_at_sign_elsewhere_is_no_password(address: str) -> None:
    spec = {"source": {"urls": [address]}, "output": {"uri": "s3://bucket/a@b"}}
    assert parse_run({"metadata": {"name": "talks"}, "spec": spec}).spec.source.urls == [address]


def test_conditions_and_events_tell_no_secret_that_a_worker_has_told() -> None:
    conditions = Conditions([], 1, NOW)
    for kind in ConditionType:
        conditions.set(kind, True, "SourceUnavailable", SAID)
    written = json.dumps([one.to_wire() for one in conditions.to_list()])
    posted = event(parsed_run(), Notice(NoticeType.WARNING, "RunFailed", SAID), NOW)
    assert CANARY not in written + json.dumps(posted)
    assert "videos.example/talk.mp4?sig=REDACTED&token=REDACTED&v=1" in written


def test_what_is_recorded_has_addresses_without_what_is_secret_in_them() -> None:
    run = parsed_run(spec={"source": {"urls": [SIGNED]}})
    snapshot = make_snapshot([], run=run)
    line = encode(Record(NOW, frozen=False, snapshot=snapshot, decision=decide(snapshot, NOW)))
    assert CANARY not in line
    assert decode(line).snapshot.run.spec.source.urls == [re.sub(CANARY, "REDACTED", SIGNED)]


@pytest.mark.parametrize("json_lines", [True, False])
def test_the_operators_log_has_neither_secrets_nor_commands_for_a_terminal(
    capsys: pytest.CaptureFixture[str], json_lines: bool
) -> None:
    before = logging.root.handlers[:], logging.root.level
    try:
        set_up_logs(logging.DEBUG, json_lines=json_lines)
        log = logging.getLogger("ingestion_operator.test")
        log.warning("%s \x1b[2J \u202e\n2026-01-01 INFO forged", SAID)
        try:
            raise ValueError(f"{SAID}\n2026-01-01 INFO forged \x1b[2J")
        except ValueError:
            log.exception("it failed")
    finally:
        logging.root.handlers[:], logging.root.level = before
    told = capsys.readouterr().err
    assert "REDACTED" in told
    assert CANARY not in told
    assert "\x1b" not in told
    assert not [line for line in told.splitlines() if line.startswith("2026-01-01")]


@pytest.mark.parametrize("form", [(), ("-o", "json")])
def test_the_plugin_shows_neither(tmp_path: Path, form: tuple[str, ...]) -> None:
    blocked = condition("SourceBlocked", "True", "Blocked", SAID)
    run = make_run(conditions=[*summary("False", "True", "False", "Ingesting", SAID), blocked])
    run["spec"]["source"]["urls"] = [SIGNED]
    manifest = tmp_path / "run.yaml"
    manifest.write_text(yaml.safe_dump({key: value for key, value in run.items() if key != "status"}))
    cluster = StandIn([run])
    for arguments in (("status",), ("status", "talks"), ("plan", "-f", str(manifest))):
        result = ingest(cluster, *arguments, *form)
        assert result.exit_code == 0, result.output
        assert CANARY not in result.output


def test_a_retry_is_the_manifest_and_so_has_its_addresses_but_nothing_else_tells_them() -> None:
    """What it prints is there to be applied: with other addresses it would fetch other videos. Errors show none."""
    run = make_run(conditions=summary("False", "True", "False", "Ingesting", SAID))
    run["spec"]["source"]["urls"] = [SIGNED]
    result = ingest(StandIn([run]), "retry", "talks")
    assert result.exit_code != 0
    assert CANARY not in result.output
