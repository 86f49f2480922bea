"""docs/security.md tells all that the operator may do, and no more."""

import re

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
