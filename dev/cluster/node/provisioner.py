"""Gives each PersistentVolumeClaim of the class `folder` a folder of the host, and removes it with the claim."""

import shutil
from pathlib import Path

from dev.cluster.node.api import Api, ApiError, JsonObject

STORAGE_CLASS = "folder"
_PROVISIONER = "ingestion.dev/folder"
_PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
_VOLUMES = "/api/v1/persistentvolumes"


class FolderProvisioner:
    """Follows claims and volumes; the real binder of the controller manager binds them."""

    def __init__(self, api: Api, folder: Path) -> None:
        self._api = api
        self._folder = folder

    async def create_storage_class(self) -> None:
        """Create the class and make it the default one."""
        storage_class = {
            "metadata": {
                "name": STORAGE_CLASS,
                "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
            },
            "provisioner": _PROVISIONER,
            "reclaimPolicy": "Delete",
            "volumeBindingMode": "Immediate",
        }
        await _create_once(self._api, "/apis/storage.k8s.io/v1/storageclasses", storage_class)

    async def provision(self) -> None:
        """Make a volume for each claim that waits for one, for ever."""
        async for event in self._api.watch("/api/v1/persistentvolumeclaims"):
            claim = event.object
            waiting = claim["status"].get("phase") == "Pending" and not claim["spec"].get("volumeName")
            if event.kind != "DELETED" and waiting and claim["spec"].get("storageClassName") == STORAGE_CLASS:
                await self._provision(claim)

    async def reclaim(self) -> None:
        """Remove each volume whose claim is gone, with its folder, for ever."""
        async for event in self._api.watch(_VOLUMES):
            volume = event.object
            ours = volume["metadata"].get("annotations", {}).get(_PROVISIONED_BY) == _PROVISIONER
            if event.kind != "DELETED" and ours and volume["status"].get("phase") == "Released":
                await self._reclaim(volume)

    async def _provision(self, claim: JsonObject) -> None:
        metadata, spec = claim["metadata"], claim["spec"]
        folder = self._folder / metadata["namespace"] / metadata["name"]
        folder.mkdir(parents=True, exist_ok=True)
        volume = {
            "metadata": {"name": f"folder-{metadata['uid']}", "annotations": {_PROVISIONED_BY: _PROVISIONER}},
            "spec": {
                "capacity": {"storage": spec["resources"]["requests"]["storage"]},
                "accessModes": spec["accessModes"],
                "persistentVolumeReclaimPolicy": "Delete",
                "storageClassName": STORAGE_CLASS,
                "hostPath": {"path": str(folder), "type": "Directory"},
                "claimRef": {key: metadata[key] for key in ("namespace", "name", "uid")}
                | {"apiVersion": "v1", "kind": "PersistentVolumeClaim"},
            },
        }
        await _create_once(self._api, _VOLUMES, volume)

    async def _reclaim(self, volume: JsonObject) -> None:
        shutil.rmtree(volume["spec"]["hostPath"]["path"], ignore_errors=True)
        try:
            await self._api.delete(f"{_VOLUMES}/{volume['metadata']['name']}")
        except ApiError as error:
            if error.code != 404:
                raise


async def _create_once(api: Api, collection: str, body: JsonObject) -> None:
    try:
        await api.create(collection, body)
    except ApiError as error:
        if error.code != 409:
            raise
