"""The volumes of a pod as folders of the host, filled and refreshed as a kubelet does."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from dev.cluster.node.api import JsonObject
from dev.cluster.node.atomic_folder import replace_content
from dev.cluster.node.environment import ConfigMissing, ConfigSource, field_value

_SUPPORTED = ("emptyDir", "configMap", "secret", "downwardAPI", "projected", "persistentVolumeClaim", "hostPath")
_REFRESHED = ("configMap", "secret", "downwardAPI")


class VolumeNotReady(Exception):
    """A volume cannot be mounted yet; the pod waits until it can."""


class VolumeSource(ConfigSource, Protocol):
    """Where the content of volumes comes from."""

    async def claim_folder(self, namespace: str, claim: str) -> Path:
        """The folder behind a PersistentVolumeClaim. Raises VolumeNotReady until it is bound."""

    async def service_account_token(self, pod: JsonObject, request: JsonObject) -> bytes:
        """A token of the pod's service account, as the `serviceAccountToken` source `request` asks for."""


def unsupported_volumes(pod: JsonObject) -> list[str]:
    """Name the volumes of kinds that the node cannot provide."""
    return [volume["name"] for volume in pod["spec"].get("volumes", ()) if _kind(volume) not in _SUPPORTED]


async def prepare_volumes(pod: JsonObject, folder: Path, source: VolumeSource) -> dict[str, Path]:
    """Create the pod's volumes under `folder`; return the host folder of each.

    Raises VolumeNotReady when something is missing that may still come.
    """
    return {
        volume["name"]: await _prepare(pod, volume, folder / volume["name"], source)
        for volume in pod["spec"].get("volumes", ())
    }


async def refresh_volumes(pod: JsonObject, folder: Path, source: VolumeSource) -> None:
    """Bring the content of configMap, secret and downwardAPI volumes up to date.

    Raises VolumeNotReady when the source of one has vanished; its old content stays.
    """
    for volume in pod["spec"].get("volumes", ()):
        if _kind(volume) in _REFRESHED:
            await _prepare(pod, volume, folder / volume["name"], source)


def remove_volumes(folder: Path) -> None:
    """Delete what `prepare_volumes` has made."""
    shutil.rmtree(folder, ignore_errors=True)


def _kind(volume: JsonObject) -> str:
    return next((key for key in volume if key != "name"), "emptyDir")


async def _prepare(pod: JsonObject, volume: JsonObject, folder: Path, source: VolumeSource) -> Path:
    kind = _kind(volume)
    settings = volume.get(kind) or {}
    if kind == "persistentVolumeClaim":
        return await source.claim_folder(pod["metadata"]["namespace"], settings["claimName"])
    if kind == "hostPath":
        return _host_path(settings)
    files: dict[str, bytes] = {}
    try:
        for projection in _projections(kind, settings):
            files |= await _files(pod, projection, source)
    except ConfigMissing as problem:
        raise VolumeNotReady(f'MountVolume.SetUp failed for volume "{volume["name"]}": {problem}') from problem
    _fill(folder, None if kind == "emptyDir" else files)
    return folder


def _projections(kind: str, settings: JsonObject) -> list[JsonObject]:
    if kind == "emptyDir":
        return []
    return settings["sources"] if kind == "projected" else [{kind: settings}]


def _fill(folder: Path, files: Mapping[str, bytes] | None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if files is not None:
        replace_content(folder, files)


def _host_path(settings: JsonObject) -> Path:
    path = Path(settings["path"])
    if settings.get("type") == "DirectoryOrCreate":
        path.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        raise VolumeNotReady(f"hostPath {path} does not exist")
    return path


async def _files(pod: JsonObject, projection: JsonObject, source: VolumeSource) -> dict[str, bytes]:
    """The files of one source of a volume."""
    [(kind, settings)] = projection.items()
    namespace = pod["metadata"]["namespace"]
    if kind == "serviceAccountToken":
        return {settings["path"]: await source.service_account_token(pod, settings)}
    if kind == "downwardAPI":
        return {item["path"]: _downward(pod, item) for item in settings.get("items", ())}
    # A volume names its secret `secretName`, a projected source `name`.
    name = settings.get("secretName") or settings["name"]
    data = await (source.secret(namespace, name) if kind == "secret" else source.config_map(namespace, name))
    return _selected(data, settings, f'{kind.lower()} "{name}"')


def _downward(pod: JsonObject, item: JsonObject) -> bytes:
    path = item["fieldRef"]["fieldPath"]
    if path in ("metadata.labels", "metadata.annotations"):
        pairs = pod["metadata"].get(path.removeprefix("metadata."), {})
        return "\n".join(f'{key}="{value}"' for key, value in sorted(pairs.items())).encode()
    return field_value(pod, path).encode()


def _selected(data: Mapping[str, bytes] | None, settings: JsonObject, what: str) -> dict[str, bytes]:
    optional = settings.get("optional", False)
    if data is None:
        if optional:
            return {}
        raise ConfigMissing(f"{what} not found")
    if "items" not in settings:
        return dict(data)
    files = {}
    for item in settings["items"]:
        if item["key"] in data:
            files[item["path"]] = data[item["key"]]
        elif not optional:
            raise ConfigMissing(f"{what} has no key {item['key']}")
    return files
