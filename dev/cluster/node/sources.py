"""What pods refer to, read from the API server when it is needed."""

import base64
from collections.abc import Mapping
from pathlib import Path

from dev.cluster.node.api import Api, ApiError, JsonObject
from dev.cluster.node.volumes import VolumeNotReady


class ApiSources:
    """Reads ConfigMaps, Secrets, claims and service account tokens."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def config_map(self, namespace: str, name: str) -> Mapping[str, bytes] | None:
        """The data of a ConfigMap, or None when it does not exist."""
        found = await self._find(f"/api/v1/namespaces/{namespace}/configmaps/{name}")
        if found is None:
            return None
        text = {key: value.encode() for key, value in found.get("data", {}).items()}
        return text | {key: base64.b64decode(value) for key, value in found.get("binaryData", {}).items()}

    async def secret(self, namespace: str, name: str) -> Mapping[str, bytes] | None:
        """The decoded data of a Secret, or None when it does not exist."""
        found = await self._find(f"/api/v1/namespaces/{namespace}/secrets/{name}")
        return None if found is None else {key: base64.b64decode(value) for key, value in found.get("data", {}).items()}

    async def claim_folder(self, namespace: str, claim: str) -> Path:
        """The folder behind a PersistentVolumeClaim. Raises VolumeNotReady until it is bound."""
        found = await self._find(f"/api/v1/namespaces/{namespace}/persistentvolumeclaims/{claim}")
        if found is None or found.get("status", {}).get("phase") != "Bound":
            raise VolumeNotReady(f'persistentvolumeclaim "{claim}" is not bound')
        name = found["spec"]["volumeName"]
        volume = await self._api.get(f"/api/v1/persistentvolumes/{name}")
        if "hostPath" not in volume["spec"]:
            raise VolumeNotReady(f'persistentvolume "{name}" is not a folder (hostPath) of this node')
        return Path(volume["spec"]["hostPath"]["path"])

    async def service_account_token(self, pod: JsonObject, request: JsonObject) -> bytes:
        """A token of the pod's service account, as the `serviceAccountToken` source `request` asks for."""
        metadata, account = pod["metadata"], pod["spec"].get("serviceAccountName", "default")
        spec: JsonObject = {
            "expirationSeconds": request.get("expirationSeconds", 3600),
            "boundObjectRef": {"apiVersion": "v1", "kind": "Pod", "name": metadata["name"], "uid": metadata["uid"]},
        }
        if "audience" in request:
            spec["audiences"] = [request["audience"]]
        path = f"/api/v1/namespaces/{metadata['namespace']}/serviceaccounts/{account}/token"
        answer = await self._api.create(path, {"spec": spec})
        token: str = answer["status"]["token"]
        return token.encode()

    async def _find(self, path: str) -> JsonObject | None:
        try:
            return await self._api.get(path)
        except ApiError as error:
            if error.code != 404:
                raise
            return None
