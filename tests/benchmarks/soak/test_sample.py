from __future__ import annotations

from benchmarks.soak.sample import count_objects, count_series

PAGE = """# HELP ingestion_operator_runs Runs by state.
# TYPE ingestion_operator_runs gauge
ingestion_operator_runs{state="complete"} 0.0
ingestion_operator_runs{state="failed"} 1.0

process_open_fds 18.0
"""


def test_series_are_lines_that_are_no_comments() -> None:
    assert count_series(PAGE) == 3


def test_objects_are_counted_by_kind() -> None:
    keys = [
        "/registry/pods/soak/run-00001-work-0",
        "/registry/pods/ingestion-operator/operator",
        "/registry/jobs/soak/run-00001-work",
        "/registry/ingestion.dev/ingestionruns/soak/run-00001",
        "/registry/configmaps/soak/pods",
        "/registry/namespaces/jobs",
        "/registry/secrets/jobs/pods",
    ]
    found = count_objects(keys, events=7)
    assert found == {"ingestionruns": 1, "jobs": 1, "pods": 2, "configmaps": 1, "others": 2, "events": 7}
