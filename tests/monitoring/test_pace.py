"""Alerts whose times pass faster."""

from __future__ import annotations

from dev.prometheus import paced

RULE = {
    "alert": "Stuck",
    "expr": "a offset 45m unless changes(b[30m]) > 300 or rate(c[2m]) > 0",
    "for": "10m",
    "labels": {"severity": "warning"},
}
GROUP = {"name": "one", "rules": [RULE]}


def test_all_times_are_shorter_by_the_pace_and_nothing_else_is_changed() -> None:
    (group,) = paced([GROUP], 60)
    (rule,) = group["rules"]
    assert rule["for"] == "10000ms"
    assert rule["expr"] == "a offset 45000ms unless changes(b[30000ms]) > 300 or rate(c[6000ms]) > 0"
    assert {**rule, "expr": RULE["expr"], "for": RULE["for"]} == RULE


def test_at_the_pace_of_one_a_rule_means_the_same() -> None:
    (group,) = paced([GROUP], 1)
    assert group["rules"][0]["for"] == "600000ms"
    assert "b[1800000ms]" in group["rules"][0]["expr"]
