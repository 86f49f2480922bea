"""Readiness probes, and the conditions that they decide."""

import pytest

from tests.cluster.kit import Namespace, container, is_ready, is_running, pod_of, python_container

pytestmark = pytest.mark.long

OFTEN = {"periodSeconds": 1, "failureThreshold": 1}
# Answers 200 while the file /state/ready exists, 503 otherwise; listens on the pod's own address.
SERVER = """
    import http.server, os
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if os.path.exists("/state/ready") else 503)
            self.end_headers()
    http.server.HTTPServer((os.environ["POD_IP"], 9090), Handler).serve_forever()
"""
ADDRESS = [{"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}]
STATE = {"volumeMounts": [{"name": "state", "mountPath": "/state"}]}
VOLUMES = [{"name": "state", "emptyDir": {}}]
STATE_MAP = [{"name": "state", "configMap": {"name": "state"}}]


async def test_a_pod_without_a_probe_is_ready_when_it_runs(namespace: Namespace) -> None:
    await namespace.create("pods", "pod", spec=pod_of(container("exec sleep 60"), terminationGracePeriodSeconds=0))
    assert is_ready(await namespace.until("pods", "pod", is_running))


async def test_a_pod_is_ready_while_its_probe_says_so(namespace: Namespace) -> None:
    server = python_container(
        SERVER,
        env=ADDRESS,
        ports=[{"name": "metrics", "containerPort": 9090}],
        readinessProbe={"httpGet": {"path": "/ready", "port": "metrics"}, **OFTEN},
        **STATE,
    )
    await namespace.create("configmaps", "state", data={})
    await namespace.create("pods", "pod", spec=pod_of(server, volumes=STATE_MAP, terminationGracePeriodSeconds=0))
    await namespace.until("pods", "pod", lambda pod: is_running(pod) and not is_ready(pod))
    await switch(namespace, {"ready": "yes"})
    await namespace.until("pods", "pod", is_ready)
    await switch(namespace, {"ready": None})
    await namespace.until("pods", "pod", lambda pod: not is_ready(pod))


async def switch(namespace: Namespace, data: dict[str, str | None]) -> None:
    """Change what the server sees, and touch the pod, so that it sees it soon."""
    await namespace.patch("configmaps", "state", {"data": data})
    await namespace.patch("pods", "pod", {"metadata": {"annotations": {"ingestion.dev/touched": str(data)}}})


@pytest.mark.parametrize(
    "probe", [{"tcpSocket": {"port": 9090}}, {"exec": {"command": ["test", "-e", "/state/started"]}}]
)
async def test_sockets_and_commands_are_probed_too(namespace: Namespace, probe: dict[str, object]) -> None:
    server = python_container(
        f"    open('/state/started', 'w').close()\n{SERVER}", env=ADDRESS, readinessProbe=probe | OFTEN, **STATE
    )
    await namespace.create("pods", "pod", spec=pod_of(server, volumes=VOLUMES, terminationGracePeriodSeconds=0))
    await namespace.until("pods", "pod", is_ready)


async def test_a_failing_command_is_never_ready(namespace: Namespace) -> None:
    probe = {"exec": {"command": ["test", "-e", "/state/never"]}, **OFTEN}
    pod = await namespace.run(container("sleep 2.5", readinessProbe=probe, **STATE), volumes=VOLUMES)
    conditions = {each["type"]: each for each in pod["status"]["conditions"]}
    assert conditions["Ready"]["status"] == "False"
