"""Where LanceDB finds an output, and how it reaches object storage: its library is not fsspec's."""

from __future__ import annotations

from collections.abc import Mapping

from ingestion_contract import layout
from ingestion_worker.conclusion import ConfigurationError
from ingestion_worker.output.store import Store

_SCHEMES = {"s3": "s3", "s3a": "s3", "gs": "gs", "gcs": "gs"}
"""fsspec's names of the kinds of storage that LanceDB writes to, and LanceDB's names of them."""


def address(store: Store) -> str:
    """Return the folder of the index as LanceDB wants it: a path, or a URL.

    Raises:
        ConfigurationError: LanceDB does not write to such storage.
    """
    root = store.location
    scheme, separator, rest = root.partition("://")
    if not separator:
        return f"{root}/{layout.lance_index()}"
    if scheme not in _SCHEMES:
        raise ConfigurationError(
            f"LanceDB keeps no index at {store.uri}: set spec.output.index.type to PGVector or None, or "
            "spec.output.uri to object storage of s3:// or gs://",
            reason="InvalidOutput",
        )
    return f"{_SCHEMES[scheme]}://{rest}/{layout.lance_index()}"


def options(address: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return what LanceDB must be told beside the variables that it reads itself, as AWS_ACCESS_KEY_ID.

    It knows AWS_ENDPOINT_URL, but not the variable for S3 alone, nor fsspec's; and it speaks plain HTTP only if told.
    """
    if not address.startswith("s3://"):
        return {}
    names = ("FSSPEC_S3_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
    endpoint = next((environment[name] for name in names if environment.get(name)), None)
    if endpoint is None:
        return {}
    return {"endpoint": endpoint, "allow_http": str(endpoint.startswith("http://")).lower()}
