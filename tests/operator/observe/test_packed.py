"""What is kept of a run's object: what is read of it, in little room."""

from __future__ import annotations

import gc
import sys
from typing import Any

from ingestion_contract.status import Adaptation, Condition, ConditionStatus, ConditionType
from ingestion_operator.observe.packed import PackedRun
from tests.operator.kit import NOW, RUN_UID, make_raw_run, make_run, make_status

MOST_BYTES = 2500
"""Of a run that has ended: there may be thousands of them."""


def ended_run() -> dict[str, Any]:
    """A run that was applied by kubectl, was changed a few times on its way, and has ended."""
    conditions = [
        Condition(
            type=kind,
            status=ConditionStatus.FALSE,
            reason="RunEnded",
            message=f"{kind}: the run has ended",
            last_transition_time=NOW,
        )
        for kind in ConditionType
    ]
    changes = [
        Adaptation(time=NOW, lever="parallelism", from_=4, to=2, reason="MemoryPressure", message="2 of 4 workers wait")
        for _ in range(5)
    ]
    status = make_status().model_copy(update={"completion_time": NOW, "conditions": conditions, "adaptations": changes})
    raw = make_raw_run(make_run(), status.to_wire(), version=7)
    managed = [
        {"manager": f"manager-{number}", "fieldsV1": {f"f:{name}": {} for name in raw["spec"]}} for number in range(5)
    ]
    applied = {"kubectl.kubernetes.io/last-applied-configuration": str(raw["spec"])}
    raw["metadata"] |= {"managedFields": managed, "annotations": applied}
    return raw


def size(root: object) -> int:
    """Bytes of an object with all that only hangs on it, classes aside."""
    seen: dict[int, object] = {}
    left = [root]
    while left:
        found = left.pop()
        if id(found) not in seen and not isinstance(found, type):
            seen[id(found)] = found
            left += gc.get_referents(found)
    return sum(map(sys.getsizeof, seen.values()))


def test_what_is_read_of_a_run_comes_out_again() -> None:
    raw = ended_run()
    unpacked = PackedRun(raw).unpack()
    named = {"name": "talks", "namespace": "default", "uid": RUN_UID, "resourceVersion": "7", "generation": 1}
    assert unpacked == {**raw, "metadata": named}


def test_a_run_on_its_way_out_is_known_for_one() -> None:
    raw = ended_run()
    raw["metadata"]["deletionTimestamp"] = "2026-11-24T12:00:00Z"
    assert PackedRun(raw).deleting
    assert not PackedRun(ended_run()).deleting


def test_a_run_that_has_ended_takes_little_room() -> None:
    raw = ended_run()
    assert size(PackedRun(raw)) < MOST_BYTES < size(raw) / 5
