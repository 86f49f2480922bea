"""What an installation without any values is."""

import yaml

from dev.helm.command import helm
from dev.write_chart import CHART
from dev.write_crds import CRDS
from tests.chart.kit import NAMESPACE, RELEASE, render


def test_helm_finds_nothing_wrong() -> None:
    assert "0 chart(s) failed" in helm("lint", CHART, "--strict")


def test_one_operator_runs_and_the_old_one_is_gone_before_the_next_starts() -> None:
    spec = render().one("Deployment")["spec"]

    assert spec["replicas"] == 1
    assert spec["strategy"] == {"type": "Recreate"}


def test_nothing_is_made_that_needs_more_than_kubernetes() -> None:
    assert render().kinds() == {
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "Deployment",
        "Pod",
        "ServiceAccount",
    }


def test_the_crd_is_that_of_the_contract() -> None:
    (path,) = CRDS.iterdir()
    ours = yaml.safe_load(path.read_text(encoding="utf-8"))
    rendered = render().one("CustomResourceDefinition")

    assert rendered["spec"] == ours["spec"]
    assert rendered["metadata"]["name"] == ours["metadata"]["name"]
    assert rendered["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}


def test_the_service_account_of_the_operator_has_the_role_and_it_reaches_no_secret() -> None:
    rendered = render()
    binding = rendered.one("ClusterRoleBinding")
    (role,) = (
        found for found in rendered.all("ClusterRole") if found["metadata"]["name"] == binding["roleRef"]["name"]
    )
    reached = {word for rule in role["rules"] for part in rule.values() for word in part}

    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": RELEASE, "namespace": NAMESPACE}]
    assert rendered.one("Deployment")["spec"]["template"]["spec"]["serviceAccountName"] == RELEASE
    assert not {"*", "secrets", "pods/exec", "bind", "escalate", "impersonate"} & reached


def test_probes_ask_where_liveness_is_served() -> None:
    container = render().container()
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}

    assert f"--liveness=http://$(POD_IP):{ports['health']}/healthz" in container["args"]
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert container[probe]["httpGet"] == {"path": "/healthz", "port": "health"}


def test_every_pod_fits_pod_security_restricted() -> None:
    rendered = render()
    pods = [rendered.one("Deployment")["spec"]["template"]["spec"], rendered.one("Pod")["spec"]]
    for pod in pods:
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
        assert all(set(volume) <= {"name", "emptyDir"} for volume in pod.get("volumes", []))
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert container["resources"]["requests"]
            assert container["resources"]["limits"]["memory"]


def test_the_pod_of_the_test_is_none_of_the_operators() -> None:
    rendered = render({"metrics": {"enabled": True}})
    operator = rendered.one("Deployment")["spec"]
    selector = operator["selector"]["matchLabels"]

    assert selector.items() <= operator["template"]["metadata"]["labels"].items()
    assert rendered.one("Service")["spec"]["selector"] == selector
    assert not selector.items() <= rendered.one("Pod")["metadata"]["labels"].items()
    assert rendered.one("Pod")["metadata"]["annotations"]["helm.sh/hook"] == "test"
