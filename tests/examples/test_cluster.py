"""examples/cluster: what a cluster needs around runs is valid, and means what its comments say."""

import subprocess
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml

from dev.helm import KUBECONFORM
from dev.kubernetes_schemas import LOCATION, write_schemas
from ingestion_contract import metrics
from ingestion_contract.pod import Step
from ingestion_contract.spec import parse_run
from ingestion_operator.desired.jobs import single_job
from ingestion_operator.desired.pod_template import WorkerSettings
from ingestion_worker.source.addresses import AddressRefused, AddressRules
from tests.chart.kit import render

EXAMPLES = Path(__file__).parents[2] / "examples"
FILES = sorted((EXAMPLES / "cluster").glob("*.yaml"))
LABELS = "matchLabels"

Object = dict[str, Any]

INTERNAL = [
    "10.96.0.1",
    "172.20.0.10",
    "192.168.1.1",
    "100.100.100.200",
    "127.0.0.1",
    "169.254.169.254",
    "168.63.129.16",
    "224.0.0.1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "fe80::1",
    "::1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
]
PUBLIC = ["8.8.8.8", "93.184.216.34", "2001:4860:4860::8888"]


@pytest.fixture(scope="module")
def schemas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("schemas")
    write_schemas(folder)
    return folder


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_object_is_valid(path: Path, schemas: Path) -> None:
    command: list[str | Path] = [KUBECONFORM.executable(), "-strict", "-summary", "-schema-location"]
    done = subprocess.run([*command, schemas / LOCATION, path], capture_output=True, text=True, timeout=120)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Invalid: 0, Errors: 0" in done.stdout


def objects(name: str) -> dict[str, Object]:
    loaded = yaml.safe_load_all((EXAMPLES / "cluster" / name).read_text(encoding="utf-8"))
    return {found["metadata"]["name"]: found for found in loaded}


@pytest.fixture
def policy() -> Object:
    return dict(objects("worker-network.yaml")["ingestion-workers"]["spec"])


def reaches(policy: Object, address: IPv4Address | IPv6Address) -> bool:
    blocks = [peer["ipBlock"] for rule in policy["egress"] for peer in rule["to"] if "ipBlock" in peer]
    return any(
        address in ip_network(block["cidr"]) and not any(address in ip_network(hole) for hole in block["except"])
        for block in blocks
    )


@pytest.mark.parametrize("step", list(Step))
def test_the_network_policies_hold_the_pods_of_every_step(step: Step) -> None:
    talks = yaml.safe_load((EXAMPLES / "talks.yaml").read_text(encoding="utf-8"))
    talks["metadata"]["uid"] = "uid"
    template = single_job(parse_run(talks), step, WorkerSettings("image"))["spec"]["template"]

    for found in objects("worker-network.yaml").values():
        assert found["spec"]["podSelector"][LABELS].items() <= template["metadata"]["labels"].items()


@pytest.mark.parametrize("address", INTERNAL)
def test_what_the_worker_would_not_ask_cannot_be_reached(address: str, policy: Object) -> None:
    with pytest.raises(AddressRefused):
        AddressRules().check_address(address, address)
    assert not reaches(policy, ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_the_internet_can_be_reached(address: str, policy: Object) -> None:
    AddressRules().check_address(address, address)
    assert reaches(policy, ip_address(address))


def test_the_operator_of_the_chart_may_read_the_metrics(policy: Object) -> None:
    (rule,) = policy["ingress"]
    operator, prometheus = rule["from"]
    deployment = render().one("Deployment")["spec"]["template"]

    assert rule["ports"] == [{"protocol": "TCP", "port": metrics.PORT}]
    assert operator["podSelector"][LABELS].items() <= deployment["metadata"]["labels"].items()
    assert set(prometheus) == {"namespaceSelector"}


def test_the_claims_are_those_of_the_example() -> None:
    spec = yaml.safe_load((EXAMPLES / "talks.yaml").read_text(encoding="utf-8"))["spec"]
    wanted = (spec["output"]["persistentVolumeClaim"], spec["workers"]["modelCache"]["persistentVolumeClaim"])

    assert set(objects("volumes.yaml")) == {claim["claimName"] for claim in wanted}


def test_the_device_plugin_is_given_a_whole_configuration() -> None:
    sharing = yaml.safe_load(objects("time-slicing.yaml")["gpu-sharing"]["data"]["shared"])["sharing"]

    assert sharing["timeSlicing"]["resources"] == [{"name": "nvidia.com/gpu", "replicas": 4}]
