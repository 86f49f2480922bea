"""Every value of the chart ends up in what is installed: none is only written down."""

from collections.abc import Iterator, Mapping
from typing import Any

from dev.write_chart import CHART, values
from tests.chart.kit import render

DIGEST = "sha256:" + "d" * 64
EVERYTHING: dict[str, Any] = {
    "nameOverride": "a-name",
    "commonLabels": {"label": "common-label"},
    "commonAnnotations": {"note": "common-annotation"},
    "image": {"registry": "images.example", "repository": "an-operator", "tag": "tag-7", "pullPolicy": "Always"},
    "workerImage": {"registry": "workers.example", "repository": "a-worker", "digest": DIGEST},
    "imagePullSecrets": [{"name": "pull-secret"}],
    "namespaces": ["namespace-a"],
    "workerServiceAccount": "account-of-workers",
    "workerFsGroup": 4711,
    "allowNetworks": ["10.47.11.0/24"],
    "scrapeIntervalSeconds": 47.5,
    "levers": "frozen",
    "logFormat": "plain",
    "logLevel": "warning",
    "env": [{"name": "VARIABLE", "value": "of-the-environment"}],
    "volumes": [{"name": "a-volume", "emptyDir": {}}],
    "volumeMounts": [{"name": "a-volume", "mountPath": "/a-mount"}],
    "crds": {"keep": False},
    "serviceAccount": {"name": "account-of-operator", "annotations": {"note": "of-account"}},
    "podLabels": {"label": "of-pod"},
    "podAnnotations": {"note": "note-of-pod"},
    "podSecurityContext": {"supplementalGroups": [4712]},
    "securityContext": {"procMount": "Unmasked"},
    "resources": {"limits": {"cpu": "4713m"}},
    "priorityClassName": "a-priority",
    "nodeSelector": {"pool": "a-pool"},
    "tolerations": [{"key": "a-taint", "operator": "Exists"}],
    "affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}},
    "podDisruptionBudget": {"enabled": True},
    "networkPolicy": {
        "enabled": True,
        "apiServerPorts": [4714],
        "apiServerPeers": [{"ipBlock": {"cidr": "10.47.12.0/24"}}],
        "scrapers": [{"namespaceSelector": {"matchLabels": {"name": "of-scrapers"}}}],
    },
    "metrics": {"enabled": True, "port": 4715},
    "monitoring": {
        "labels": {"release": "of-prometheus"},
        "serviceMonitor": {"enabled": True, "interval": "47s"},
        "podMonitor": {"enabled": True, "interval": "48s"},
        "prometheusRule": {"runbookBaseUrl": "https://runbooks.example"},
        "grafanaAlerts": {
            "enabled": True,
            "dataSourceUid": "a-source",
            "labelKey": "key-of-alerts",
            "labelValue": "value-of-alerts",
            "annotations": {"note": "note-of-alerts"},
        },
        "dashboards": {
            "enabled": True,
            "labelKey": "key-of-dashboards",
            "labelValue": "value-of-dashboards",
            "annotations": {"note": "note-of-dashboards"},
        },
    },
}
"""All that can be said at once, each in words that stand nowhere else."""

SEPARATELY = {
    "fullnameOverride",
    "image.digest",
    "workerImage.tag",
    "crds.enabled",
    "serviceAccount.create",
    "rbac.create",
    "rbac.aggregate",
    "monitoring.prometheusRule.enabled",
}
"""What excludes another value, or takes something away: see test_switches.py."""


def leaves(tree: Any) -> Iterator[str]:
    """Yield what is said in words or numbers; switches say nothing."""
    if isinstance(tree, Mapping):
        for inner in tree.values():
            yield from leaves(inner)
    elif isinstance(tree, list):
        for inner in tree:
            yield from leaves(inner)
    elif not isinstance(tree, bool):
        yield str(tree)


def said(tree: Mapping[str, Any], known: set[str], prefix: str = "") -> Iterator[str]:
    """Yield the names of the values in a tree."""
    for key, inner in tree.items():
        name = f"{prefix}{key}"
        if name in known:
            yield name
        else:
            yield from said(inner, known, f"{name}.")


def test_all_that_is_said_is_in_what_is_installed() -> None:
    known = {value.name for value in values((CHART / "values.yaml").read_text(encoding="utf-8"))}
    text = render(EVERYTHING).text

    assert set(said(EVERYTHING, known)) == known - SEPARATELY
    assert [word for word in leaves(EVERYTHING) if word not in text] == []
