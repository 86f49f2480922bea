"""How Prometheus finds the pods of a development cluster.

In a cluster, Prometheus asks the API server itself. The one of Debian is built without that, so the pods are written
into a file here, once a second, under the names that Prometheus would give to what the API server says of them
(`__meta_kubernetes_...`); selectors and relabelling are those of the scrape configuration for a cluster.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import yaml
from kubernetes import client, config

from dev.write_grafana import MONITORING

_SCRAPE = MONITORING / "prometheus" / "scrape.yaml"
_LOOK_EVERY_SECONDS = 1.0
_TIMEOUT_SECONDS = 10


class Targets:
    """The pods that the scrape configuration for a cluster selects, in files of a folder."""

    def __init__(self, kubeconfig: Path, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._pods = client.CoreV1Api(config.new_client_from_config(str(kubeconfig)))
        self._selectors: dict[Path, str] = {}
        self.scrape_configs: list[dict[str, Any]] = yaml.safe_load(_SCRAPE.read_text(encoding="utf-8"))[
            "scrape_configs"
        ]
        for scrape in self.scrape_configs:
            path = folder / f"{scrape['job_name']}.json"
            self._selectors[path] = _selector(scrape.pop("kubernetes_sd_configs"))
            scrape["file_sd_configs"] = [{"files": [str(path)]}]
        self._write()

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep the files up to date, in a thread of its own, until the block is left."""
        over = Event()
        thread = Thread(target=self._keep, args=(over,), name="targets")
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _keep(self, over: Event) -> None:
        while not over.wait(_LOOK_EVERY_SECONDS):
            self._write()

    def _write(self) -> None:
        for path, selector in self._selectors.items():
            listed: Any = self._pods.list_pod_for_all_namespaces(
                label_selector=selector, _request_timeout=_TIMEOUT_SECONDS, _preload_content=False
            )
            targets = [target for pod in json.loads(listed.data)["items"] for target in targets_of(pod)]
            # Prometheus may read at any moment.
            partial = path.with_suffix(".partial")
            partial.write_text(json.dumps(targets), encoding="utf-8")
            partial.replace(path)


def targets_of(pod: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a target for each declared port of a pod that has an address."""
    address = pod["status"].get("podIP")
    about = {
        "__meta_kubernetes_namespace": pod["metadata"]["namespace"],
        "__meta_kubernetes_pod_name": pod["metadata"]["name"],
        "__meta_kubernetes_pod_phase": pod["status"].get("phase", ""),
        **{f"__meta_kubernetes_pod_label_{_name(key)}": value for key, value in pod["metadata"]["labels"].items()},
    }
    for container in pod["spec"]["containers"] if address else ():
        for port in container.get("ports", ()):
            labels = {**about, "__meta_kubernetes_pod_container_port_name": port.get("name", "")}
            yield {"targets": [f"{address}:{port['containerPort']}"], "labels": labels}


def _selector(discoveries: list[dict[str, Any]]) -> str:
    (discovery,) = discoveries
    (selector,) = discovery["selectors"]
    return str(selector["label"])


def _name(label: str) -> str:
    return re.sub(r"\W", "_", label)
