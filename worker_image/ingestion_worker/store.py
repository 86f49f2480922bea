"""The output's root, on a disk or in object storage, behind fsspec."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TypeVar

import fsspec
from pydantic import ValidationError

from ingestion_contract.base import ApiModel
from ingestion_contract.records import StoredFile
from ingestion_worker.step import ConfigurationError

Model = TypeVar("Model", bound=ApiModel)

_READ_AT_ONCE = 1000


class Store:
    """Reads and writes files below an output root. Nothing is renamed, so that all kinds of storage are alike.

    A record that was cut off while it was written does not parse, and counts as not there.

    Raises:
        ConfigurationError: fsspec does not know the URL's scheme.
    """

    def __init__(self, uri: str) -> None:
        try:
            self._fs, root = fsspec.core.url_to_fs(uri, **_options(uri))
        except (ValueError, ImportError) as error:
            raise ConfigurationError(f"the output {uri} cannot be opened: {error}", reason="InvalidOutput") from error
        self._root = root.rstrip("/")
        self.uri = uri

    def write(self, path: str, content: bytes) -> StoredFile:
        """Write a file, and return what a manifest says of it.

        Raises:
            OSError: the storage refuses.
        """
        self._fs.pipe_file(self._full(path), content)
        return StoredFile(path=path, bytes=len(content), sha256=hashlib.sha256(content).hexdigest())

    def read(self, path: str) -> bytes | None:
        """Return a file's content, or None if there is no such file."""
        try:
            content: bytes = self._fs.cat_file(self._full(path))
        except FileNotFoundError:
            return None
        return content

    def write_record(self, path: str, record: ApiModel) -> None:
        """Write a record as JSON."""
        self.write(path, record.model_dump_json(by_alias=True, exclude_none=True).encode())

    def read_record(self, path: str, kind: type[Model]) -> Model | None:
        """Return a record, or None if there is none, or none that is whole."""
        return _parse(self.read(path), kind)

    def read_records(self, paths: Iterable[str], kind: type[Model]) -> dict[str, Model]:
        """Return the records that are there and whole, by path; object storage is asked for many at a time."""
        wanted = list(paths)
        found: dict[str, Model] = {}
        for first in range(0, len(wanted), _READ_AT_ONCE):
            by_full = {self._full(path): path for path in wanted[first : first + _READ_AT_ONCE]}
            contents: dict[str, bytes] = self._fs.cat(list(by_full), on_error="omit")
            for full, content in contents.items():
                record = _parse(content, kind)
                if record is not None:
                    found[by_full[full]] = record
        return found

    def _full(self, path: str) -> str:
        return f"{self._root}/{path}"


def _options(uri: str) -> dict[str, bool]:
    return {"auto_mkdir": True} if uri.startswith(("file:", "/")) else {}


def _parse(content: bytes | None, kind: type[Model]) -> Model | None:
    if content is None:
        return None
    try:
        return kind.model_validate_json(content, by_alias=True, by_name=False)
    except ValidationError:
        return None
