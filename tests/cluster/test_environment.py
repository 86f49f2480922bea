"""The environment of a container, of every kind that a pod may declare."""

import base64
import json

import pytest

from dev.cluster.node.environment import expand
from tests.cluster.kit import Namespace, container, container_status, end_of, is_over, pod_of, python_container

pytestmark = pytest.mark.long

TELL = 'import json, os; open("/dev/termination-log", "w").write(json.dumps(dict(os.environ)))'


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$(NAME)", "run"),
        ("a-$(NAME)-$(NAME)", "a-run-run"),
        ("$(UNKNOWN)", "$(UNKNOWN)"),
        ("$$(NAME)", "$(NAME)"),
        ("$NAME costs $5", "$NAME costs $5"),
        ("$(NAME", "$(NAME"),
    ],
)
def test_references_are_expanded_as_kubernetes_does(text: str, value: str) -> None:
    assert expand(text, {"NAME": "run"}) == value


async def environment_of(namespace: Namespace, env: list[object], **fields: object) -> dict[str, str]:
    pod = await namespace.run(python_container(TELL, env=env, **fields))
    environment: dict[str, str] = json.loads(end_of(pod)["message"])
    return environment


async def test_values_refer_to_earlier_values(namespace: Namespace) -> None:
    environment = await environment_of(
        namespace, [{"name": "ROOT", "value": "/output"}, {"name": "RUN", "value": "$(ROOT)/run"}]
    )
    assert environment["RUN"] == "/output/run"


async def test_nothing_of_the_nodes_own_environment_is_seen(
    namespace: Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = await environment_of(namespace, [])
    assert environment["HOSTNAME"] == "pod"
    assert environment["HOME"] == "/tmp"
    assert not environment.keys() - {
        "HOME",
        "HOSTNAME",
        "KUBERNETES_SERVICE_HOST",
        "KUBERNETES_SERVICE_PORT",
        "KUBERNETES_SERVICE_PORT_HTTPS",
        "LC_CTYPE",
        "PATH",
        "PWD",
    }


async def test_fields_of_the_pod(namespace: Namespace) -> None:
    paths = {
        "NAME": "metadata.name",
        "NAMESPACE": "metadata.namespace",
        "UID": "metadata.uid",
        "LABEL": "metadata.labels['ingestion.dev/run']",
        "NODE": "spec.nodeName",
        "ADDRESS": "status.podIP",
        "HOST": "status.hostIP",
    }
    env = [{"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}} for name, path in paths.items()]
    metadata = {"labels": {"ingestion.dev/run": "talks"}}
    await namespace.create("pods", "pod", metadata, spec=pod_of(python_container(TELL, env=env)))
    pod = await namespace.until("pods", "pod", is_over)
    environment = json.loads(end_of(pod)["message"])
    assert {name: environment[name] for name in paths} == {
        "NAME": "pod",
        "NAMESPACE": namespace.name,
        "UID": pod["metadata"]["uid"],
        "LABEL": "talks",
        "NODE": "process-node",
        "ADDRESS": pod["status"]["podIP"],
        "HOST": "127.0.0.1",
    }


async def test_keys_of_config_maps_and_secrets(namespace: Namespace) -> None:
    await namespace.create("configmaps", "settings", data={"level": "info"})
    await namespace.create("secrets", "s3", data={"key": base64.b64encode(b"hidden").decode()})
    missing = {"name": "settings", "key": "nothing", "optional": True}
    environment = await environment_of(
        namespace,
        [
            {"name": "LEVEL", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "level"}}},
            {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "s3", "key": "key"}}},
            {"name": "NOTHING", "valueFrom": {"configMapKeyRef": missing}},
        ],
        envFrom=[{"configMapRef": {"name": "settings"}, "prefix": "SETTING_"}, {"secretRef": {"name": "s3"}}],
    )
    assert environment["LEVEL"] == "info"
    assert environment["KEY"] == "hidden"
    assert environment["SETTING_level"] == "info"
    assert environment["key"] == "hidden"
    assert "NOTHING" not in environment


async def test_resources_in_units_of_the_divisor_rounded_up(namespace: Namespace) -> None:
    environment = await environment_of(
        namespace,
        [
            {"name": "MIB", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory", "divisor": "1Mi"}}},
            {"name": "CPUS", "valueFrom": {"resourceFieldRef": {"resource": "requests.cpu"}}},
        ],
        resources={"limits": {"memory": "1Gi"}, "requests": {"cpu": "1500m"}},
    )
    assert environment["MIB"] == "1024"
    assert environment["CPUS"] == "2"


async def test_arguments_are_expanded(namespace: Namespace) -> None:
    script = container("", command=["bash", "-c", 'echo "$0 $1" > /dev/termination-log', "$(A)"], args=["$$(A)"])
    pod = await namespace.run(script | {"env": [{"name": "A", "value": "one"}]})
    assert end_of(pod)["message"] == "one $(A)\n"


async def test_a_missing_secret_is_waited_for(namespace: Namespace) -> None:
    reference = {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "late", "key": "key"}}}
    await namespace.create("pods", "pod", spec=pod_of(python_container(TELL, env=[reference])))
    pod = await namespace.until("pods", "pod", lambda pod: "CreateContainerConfigError" in str(pod["status"]))
    assert container_status(pod)["state"]["waiting"]["message"] == 'secret "late" not found'
    await namespace.create("secrets", "late", stringData={"key": "here"})
    pod = await namespace.until("pods", "pod", is_over)
    assert json.loads(end_of(pod)["message"])["KEY"] == "here"
