"""What Prometheus is told of the pods of a development cluster."""

from __future__ import annotations

from typing import Any

from dev.observed.targets import targets_of


def pod(**status: str) -> dict[str, Any]:
    return {
        "metadata": {"namespace": "demo", "name": "talks-work-0", "labels": {"ingestion.dev/run": "talks"}},
        "spec": {"containers": [{"ports": [{"name": "metrics", "containerPort": 9090}, {"containerPort": 80}]}]},
        "status": {"phase": "Running", **status},
    }


def test_each_port_of_a_pod_is_a_target_with_the_names_of_kubernetes() -> None:
    metrics, other = targets_of(pod(podIP="127.16.0.5"))
    assert metrics == {
        "targets": ["127.16.0.5:9090"],
        "labels": {
            "__meta_kubernetes_namespace": "demo",
            "__meta_kubernetes_pod_name": "talks-work-0",
            "__meta_kubernetes_pod_phase": "Running",
            "__meta_kubernetes_pod_label_ingestion_dev_run": "talks",
            "__meta_kubernetes_pod_container_port_name": "metrics",
        },
    }
    assert (other["targets"], other["labels"]["__meta_kubernetes_pod_container_port_name"]) == (["127.16.0.5:80"], "")


def test_a_pod_without_an_address_is_no_target() -> None:
    assert not list(targets_of(pod()))
