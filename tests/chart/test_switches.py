"""What every value does."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from dev.helm.command import HelmRefused
from ingestion_contract import identity, metrics
from ingestion_contract.pod import Step
from ingestion_operator.cli import app
from ingestion_operator.desired.names import COMPONENT, COMPONENT_LABEL
from tests.chart.kit import NAMESPACE, RELEASE, Rendered, copy_of_the_chart, render

MONITORING_LABELS = {"release": "prometheus"}


def pod_spec(rendered: Rendered) -> dict[str, Any]:
    return dict(rendered.one("Deployment")["spec"]["template"]["spec"])


@pytest.mark.parametrize(
    ("values", "argument"),
    [
        ({"workerImage": {"repository": "workers", "tag": "7"}}, "--worker-image=workers:7"),
        ({"workerServiceAccount": "workers"}, "--worker-service-account=workers"),
        ({"workerFsGroup": 1000680000}, "--worker-fs-group=1000680000"),
        ({"workerFsGroup": None}, "--worker-fs-group=none"),
        ({"allowNetworks": ["10.0.0.0/8"]}, "--allow-network=10.0.0.0/8"),
        ({"scrapeIntervalSeconds": 2.5}, "--scrape-interval-seconds=2.5"),
        ({"levers": "frozen"}, "--levers=frozen"),
        ({"logFormat": "plain"}, "--log-format=plain"),
        ({"logLevel": "debug"}, "--log-level=debug"),
        ({"namespaces": ["talks"]}, "--namespace=talks"),
        ({"metrics": {"enabled": True, "port": 9999}}, "--metrics=http://$(POD_IP):9999/metrics"),
    ],
)
def test_settings_become_arguments(values: dict[str, Any], argument: str) -> None:
    assert argument not in render().container()["args"]
    assert argument in render(values).container()["args"]


def test_the_command_line_knows_every_argument() -> None:
    values = {
        "namespaces": ["talks"],
        "workerServiceAccount": "workers",
        "allowNetworks": ["10.0.0.0/8"],
        "metrics": {"enabled": True},
    }
    said = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["run", "--help"]).output

    for argument in render(values).container()["args"][1:]:
        assert argument.partition("=")[0] in said


@pytest.mark.parametrize(
    ("image", "reference"),
    [
        ({"tag": "2"}, "ingestion-operator:2"),
        ({"registry": "images.example.org", "repository": "us/op", "tag": "2"}, "images.example.org/us/op:2"),
        ({"tag": "2", "digest": f"sha256:{'a' * 64}"}, f"ingestion-operator@sha256:{'a' * 64}"),
    ],
)
def test_the_image_is_named_by_registry_tag_or_digest(image: dict[str, str], reference: str) -> None:
    assert render({"image": image}).container()["image"] == reference


def test_in_namespaced_mode_there_is_a_role_in_each_namespace_and_no_right_beyond() -> None:
    rendered = render({"namespaces": ["a", "b"], "rbac": {"aggregate": False}})

    assert not {"ClusterRole", "ClusterRoleBinding"} & rendered.kinds()
    for kind in ("Role", "RoleBinding"):
        assert [found["metadata"]["namespace"] for found in rendered.all(kind)] == ["a", "b"]
    for role, binding in zip(rendered.all("Role"), rendered.all("RoleBinding"), strict=True):
        assert binding["roleRef"]["kind"] == "Role"
        assert binding["roleRef"]["name"] == role["metadata"]["name"]
        assert binding["subjects"] == [{"kind": "ServiceAccount", "name": RELEASE, "namespace": NAMESPACE}]
    (whole,) = (found for found in render().all("ClusterRole") if len(found["rules"]) > 2)
    assert all(role["rules"] == whole["rules"] for role in rendered.all("Role"))


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({"crds": {"enabled": False}}, "CustomResourceDefinition"),
        ({"serviceAccount": {"create": False}}, "ServiceAccount"),
        ({"rbac": {"create": False}}, "ClusterRoleBinding"),
    ],
)
def test_what_is_switched_off_is_not_made(values: dict[str, Any], kind: str) -> None:
    assert kind in render().kinds()
    assert kind not in render(values).kinds()


def test_the_crd_goes_with_the_release_if_it_is_not_to_be_kept() -> None:
    assert "annotations" not in render({"crds": {"keep": False}}).one("CustomResourceDefinition")["metadata"]


def test_a_service_account_that_exists_may_be_used() -> None:
    rendered = render({"serviceAccount": {"create": False, "name": "theirs"}})

    assert pod_spec(rendered)["serviceAccountName"] == "theirs"
    assert rendered.one("Pod")["spec"]["serviceAccountName"] == "theirs"
    assert rendered.one("ClusterRoleBinding")["subjects"][0]["name"] == "theirs"


def test_viewers_and_editors_of_the_built_in_roles_see_and_edit_runs() -> None:
    roles = {found["metadata"]["name"].rpartition("-")[2]: found for found in render().all("ClusterRole")}
    aggregated = {
        name: {key.rpartition("-")[2] for key in roles[name]["metadata"]["labels"] if "aggregate-to" in key}
        for name in ("viewer", "editor")
    }

    assert aggregated == {"viewer": {"view", "edit", "admin"}, "editor": {"edit", "admin"}}
    assert {verb for rule in roles["viewer"]["rules"] for verb in rule["verbs"]} == {"get", "list", "watch"}
    assert not {"viewer", "editor"} & {
        found["metadata"]["name"].rpartition("-")[2]
        for found in render({"rbac": {"aggregate": False}}).all("ClusterRole")
    }


def test_labels_and_annotations_reach_every_object_and_pod() -> None:
    everything = {
        "commonLabels": {"team": "media"},
        "commonAnnotations": {"cost": "7"},
        "podDisruptionBudget": {"enabled": True},
        "networkPolicy": {"enabled": True},
        "metrics": {"enabled": True},
        "monitoring": {"serviceMonitor": {"enabled": True}, "podMonitor": {"enabled": True}},
    }
    rendered = render(everything)

    assert len(rendered.kinds()) == 11
    for found in [*rendered.objects, rendered.one("Deployment")["spec"]["template"]]:
        assert found["metadata"]["labels"]["team"] == "media", found
        assert found["metadata"]["annotations"]["cost"] == "7", found


def test_labels_of_the_user_never_replace_those_that_selectors_rely_on() -> None:
    rendered = render({"commonLabels": {"app.kubernetes.io/name": "x"}, "podLabels": {"app.kubernetes.io/name": "y"}})
    deployment = rendered.one("Deployment")["spec"]

    assert deployment["selector"]["matchLabels"].items() <= deployment["template"]["metadata"]["labels"].items()


def test_the_pod_takes_what_is_said_of_it() -> None:
    said = {
        "priorityClassName": "high",
        "nodeSelector": {"pool": "system"},
        "tolerations": [{"key": "system", "operator": "Exists"}],
        "affinity": {"nodeAffinity": {}},
        "imagePullSecrets": [{"name": "pull"}],
    }
    rendered = render(
        {**said, "podAnnotations": {"a": "b"}, "podLabels": {"c": "d"}, "resources": {"limits": {"cpu": 1}}}
    )

    assert said.items() <= pod_spec(rendered).items()
    assert rendered.one("ServiceAccount")["imagePullSecrets"] == [{"name": "pull"}]
    assert rendered.one("Deployment")["spec"]["template"]["metadata"]["annotations"] == {"a": "b"}
    assert rendered.one("Deployment")["spec"]["template"]["metadata"]["labels"]["c"] == "d"
    assert rendered.container()["resources"]["limits"] == {"cpu": 1, "memory": "512Mi"}


def test_the_user_id_may_be_left_to_the_platform() -> None:
    context = pod_spec(render({"podSecurityContext": {"runAsUser": None, "runAsGroup": None}}))["securityContext"]

    assert context == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}


def test_the_environment_reaches_the_operator() -> None:
    variable = {"name": "https_proxy", "value": "http://proxy.example.org:3128"}

    assert variable in render({"env": [variable]}).container()["env"]


def test_volumes_reach_the_operator_beside_its_own() -> None:
    claim = {"name": "recordings", "persistentVolumeClaim": {"claimName": "recordings"}}
    place = {"name": "recordings", "mountPath": "/recordings"}
    rendered = render({"volumes": [claim], "volumeMounts": [place]})

    assert [volume["name"] for volume in pod_spec(rendered)["volumes"]] == ["tmp", "recordings"]
    assert claim in pod_spec(rendered)["volumes"]
    assert place in rendered.container()["volumeMounts"]


def test_a_budget_refuses_the_eviction_of_the_only_pod() -> None:
    rendered = render({"podDisruptionBudget": {"enabled": True}})
    spec = rendered.one("PodDisruptionBudget")["spec"]

    assert spec["minAvailable"] == rendered.one("Deployment")["spec"]["replicas"]
    assert spec["selector"] == rendered.one("Deployment")["spec"]["selector"]


def test_the_network_policy_leaves_the_ways_that_the_operator_goes() -> None:
    values = {
        "networkPolicy": {
            "enabled": True,
            "apiServerPorts": [6444],
            "apiServerPeers": [{"ipBlock": {"cidr": "10.1.0.1/32"}}],
            "scrapers": [{"namespaceSelector": {"matchLabels": {"name": "monitoring"}}}],
        },
        "metrics": {"enabled": True},
        "namespaces": ["talks"],
    }
    rendered = render(values)
    policy = rendered.one("NetworkPolicy")["spec"]
    dns, api_server, workers = policy["egress"]

    assert policy["podSelector"] == rendered.one("Deployment")["spec"]["selector"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert {port["port"] for port in dns["ports"]} == {53}
    assert api_server == {
        "ports": [{"protocol": "TCP", "port": 6444}],
        "to": [{"ipBlock": {"cidr": "10.1.0.1/32"}}],
    }
    assert workers["ports"] == [{"protocol": "TCP", "port": metrics.PORT}]
    assert workers["to"][0]["podSelector"] == {"matchLabels": {identity.STEP_LABEL: Step.WORK.value}}
    assert workers["to"][0]["namespaceSelector"]["matchExpressions"][0]["values"] == ["talks"]
    assert policy["ingress"] == [
        {"ports": [{"protocol": "TCP", "port": 8081}], "from": values["networkPolicy"]["scrapers"]}  # type: ignore[index]
    ]


def test_without_metrics_nobody_may_come_in() -> None:
    policy = render({"networkPolicy": {"enabled": True}}).one("NetworkPolicy")["spec"]

    assert policy["ingress"] == []
    assert policy["egress"][2]["to"][0]["namespaceSelector"] == {}


def test_a_service_monitor_finds_the_service_of_the_metrics() -> None:
    values = {
        "metrics": {"enabled": True},
        "monitoring": {"labels": MONITORING_LABELS, "serviceMonitor": {"enabled": True, "interval": "7s"}},
    }
    rendered = render(values)
    monitor, service = rendered.one("ServiceMonitor"), rendered.one("Service")
    (endpoint,) = monitor["spec"]["endpoints"]

    assert MONITORING_LABELS.items() <= monitor["metadata"]["labels"].items()
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitor["spec"]["namespaceSelector"] == {"matchNames": [service["metadata"]["namespace"]]}
    assert endpoint["port"] == service["spec"]["ports"][0]["name"]
    assert endpoint["interval"] == "7s"
    assert service["spec"]["ports"][0]["targetPort"] in {port["name"] for port in rendered.container()["ports"]}


def test_a_service_monitor_without_metrics_is_refused_with_the_mend() -> None:
    with pytest.raises(HelmRefused, match=r"metrics\.enabled is false.*: set metrics\.enabled to true"):
        render({"monitoring": {"serviceMonitor": {"enabled": True}}})


@pytest.mark.parametrize(("namespaces", "selector"), [([], {"any": True}), (["a", "b"], {"matchNames": ["a", "b"]})])
def test_a_pod_monitor_finds_the_workers(namespaces: list[str], selector: dict[str, Any]) -> None:
    values = {"namespaces": namespaces, "monitoring": {"labels": MONITORING_LABELS, "podMonitor": {"enabled": True}}}
    monitor = render(values).one("PodMonitor")
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]

    assert monitor["spec"]["selector"]["matchLabels"] == {
        COMPONENT_LABEL: COMPONENT,
        identity.STEP_LABEL: Step.WORK.value,
    }
    assert monitor["spec"]["namespaceSelector"] == selector
    assert (endpoint["port"], endpoint["path"]) == ("metrics", metrics.PATH)
    assert MONITORING_LABELS.items() <= monitor["metadata"]["labels"].items()


def test_alerts_become_one_prometheus_rule_with_their_templates_as_they_are(tmp_path: Path) -> None:
    groups = [
        {"name": name, "rules": [{"alert": name, "expr": "up == 0", "annotations": {"summary": "{{ $labels.run }}"}}]}
        for name in ("First", "Second")
    ]
    files = {f"files/alerts/{group['name']}.yaml": yaml.safe_dump({"groups": [group]}) for group in groups}
    chart = copy_of_the_chart(tmp_path, files)
    rule = render({"monitoring": {"labels": MONITORING_LABELS, "prometheusRule": {"enabled": True}}}, chart).one(
        "PrometheusRule"
    )

    assert [group for group in rule["spec"]["groups"] if group in groups] == groups
    assert MONITORING_LABELS.items() <= rule["metadata"]["labels"].items()
    assert "PrometheusRule" not in render(chart=chart).kinds()


def test_prometheus_takes_the_rules_of_the_chart(tmp_path: Path) -> None:
    values = {
        "monitoring": {"prometheusRule": {"enabled": True, "runbookBaseUrl": "https://docs.example.org/runbooks"}}
    }
    rules = tmp_path / "rules.yaml"
    rules.write_text(yaml.safe_dump(render(values).one("PrometheusRule")["spec"]))
    done = subprocess.run(["promtool", "check", "rules", rules], capture_output=True, text=True, timeout=60)

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_runbook_of_an_alert_becomes_an_address_where_its_folder_has_one() -> None:
    values = {
        "monitoring": {"prometheusRule": {"enabled": True, "runbookBaseUrl": "https://docs.example.org/runbooks/"}}
    }
    groups = render(values).one("PrometheusRule")["spec"]["groups"]
    addresses = {rule["alert"]: rule["annotations"]["runbook_url"] for group in groups for rule in group["rules"]}

    assert addresses["IngestionRunStuck"] == "https://docs.example.org/runbooks/run-stuck.md"
    assert len(set(addresses.values())) == len(groups)
    silent = render({"monitoring": {"prometheusRule": {"enabled": True}}}).text
    assert "runbook_url" not in silent


def test_grafanas_alerts_have_the_address_of_their_runbooks_too() -> None:
    address = {"runbookBaseUrl": "https://docs.example.org/runbooks/"}
    values = {"monitoring": {"grafanaAlerts": {"enabled": True}, "prometheusRule": address}}
    (found,) = (found for found in render(values).all("ConfigMap") if "ingestion-operator.yaml" in found["data"])
    groups = yaml.safe_load(found["data"]["ingestion-operator.yaml"])["groups"]
    rules = [rule["annotations"] for group in groups for rule in group["rules"]]

    assert len(rules) > 5
    for rule in rules:
        assert rule["runbook_url"] == rule["runbook"].replace("docs/runbooks", "https://docs.example.org/runbooks")
    assert "runbook_url" not in render({"monitoring": {"grafanaAlerts": {"enabled": True}}}).text


def test_grafana_gets_the_alerts_for_its_own_data_source() -> None:
    said = {"enabled": True, "dataSourceUid": "mimir", "labelKey": "rules", "labelValue": "yes"}
    rendered = render({"monitoring": {"labels": MONITORING_LABELS, "grafanaAlerts": said}})
    (found,) = (found for found in rendered.all("ConfigMap") if "ingestion-operator.yaml" in found["data"])
    groups = yaml.safe_load(found["data"]["ingestion-operator.yaml"])["groups"]
    asked = {node["datasourceUid"] for group in groups for rule in group["rules"] for node in rule["data"]}

    assert asked == {"mimir", "__expr__"}
    assert {"rules": "yes", **MONITORING_LABELS}.items() <= found["metadata"]["labels"].items()
    assert "ConfigMap" not in render().kinds()


def test_alerts_are_not_evaluated_twice() -> None:
    with pytest.raises(HelmRefused, match="set one of them to false"):
        render({"monitoring": {"grafanaAlerts": {"enabled": True}, "prometheusRule": {"enabled": True}}})


def test_dashboards_become_config_maps_for_the_sidecar_of_grafana(tmp_path: Path) -> None:
    text = '{\n  "title": "Runs",\n  "legend": "{{run}}"\n}\n'
    chart = copy_of_the_chart(tmp_path, {"files/dashboards/sample.json": text})
    said = {"enabled": True, "labelKey": "dash", "labelValue": "yes", "annotations": {"folder": "Media"}}
    rendered = render({"monitoring": {"dashboards": said}}, chart)
    (found,) = (found for found in rendered.all("ConfigMap") if "sample.json" in found["data"])

    assert found["data"]["sample.json"].strip() == text.strip()
    assert found["metadata"]["labels"]["dash"] == "yes"
    assert found["metadata"]["annotations"] == {"folder": "Media"}
    assert "ConfigMap" not in render(chart=chart).kinds()


def test_two_releases_of_one_name_in_two_namespaces_share_no_name_of_the_cluster() -> None:
    names = {found["metadata"]["name"] for found in render().all("ClusterRole")}

    assert all(name.startswith(f"{NAMESPACE}:") for name in names)


def test_names_may_be_chosen() -> None:
    assert render({"fullnameOverride": "op"}).one("Deployment")["metadata"]["name"] == "op"
    assert render({"nameOverride": "op"}, release="talks").one("Deployment")["metadata"]["name"] == "talks-op"
    longest = render(release="r" * 53).one("Deployment")["metadata"]["name"]
    assert len(longest) <= 52
