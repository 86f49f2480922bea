"""docs/security.md tells all that the operator may do, and no more; and the bounds that hold others back."""

import re

from ingestion_contract.spec import MOST_URL_BYTES
from ingestion_operator.desired.pod_template import SHARED_GROUP
from ingestion_operator.observe.metrics_page import MAX_LINE, MAX_SAMPLES
from ingestion_operator.observe.scrape import MAX_PAGE_BYTES, TIMEOUT_SECONDS
from ingestion_worker.media.decoder_process import MOST_BYTES
from ingestion_worker.source.allowance import FetchLimits
from tests.chart.kit import NAMESPACE, RELEASE, render
from tests.docs.kit import ROOT


def allowed() -> dict[str, list[str]]:
    (role,) = (found for found in render().all("ClusterRole") if found["metadata"]["name"] == f"{NAMESPACE}:{RELEASE}")
    return {resource: rule["verbs"] for rule in role["rules"] for resource in rule["resources"]}


def test_the_table_of_rights_is_the_role() -> None:
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    section = page.split("## What the operator may do", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| `([a-z/]+)` \| ([a-z, ]+) \|", section, re.MULTILINE)

    assert {resource: verbs.split(", ") for resource, verbs in rows} == allowed()


def test_bounds_of_what_workers_and_media_may_cost_are_those_of_the_code() -> None:
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    asked = f"two seconds, {MAX_PAGE_BYTES // 1024} KiB, {MAX_SAMPLES:,}\nsamples, {MAX_LINE} characters a line"

    assert TIMEOUT_SECONDS == 2
    assert " ".join(asked.split()) in " ".join(page.split())
    assert f"with at most {MOST_BYTES // 2**30} GiB of" in page
    assert f"up to {FetchLimits().page_bytes // 2**20} MiB of each" in page
    assert f"have at most {MOST_URL_BYTES // 1024} KiB together" in page
    assert f"the group of volumes is {SHARED_GROUP}" in page
