"""The output's root, on a disk or in object storage, behind fsspec."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import fsspec
from pydantic import ValidationError

from ingestion_contract.base import ApiModel
from ingestion_contract.records import StoredFile
from ingestion_contract.redaction import has_user
from ingestion_contract.spec import OUTPUT_WITH_USER
from ingestion_worker.conclusion import ConfigurationError, OutputUnavailable
from ingestion_worker.output.batches import batches

Model = TypeVar("Model", bound=ApiModel)


def located(output: str) -> str:
    """Return the URL of an output that is given as a URL, or as a folder of this machine."""
    return output if "://" in output else f"file://{Path(output).expanduser().absolute()}"


class Store:
    """Reads and writes files below an output root. Nothing is renamed, so that all kinds of storage are alike.

    A record that was cut off while it was written does not parse, and counts as not there.

    Raises:
        ConfigurationError: fsspec does not know the URL's scheme, or the URL names a password.
    """

    def __init__(self, uri: str) -> None:
        if has_user(uri):
            raise ConfigurationError(OUTPUT_WITH_USER, reason="InvalidOutput")
        uri = located(uri)
        try:
            self._fs, root = fsspec.core.url_to_fs(uri, **_options(uri))
        except (ValueError, ImportError) as error:
            raise ConfigurationError(f"the output {uri} cannot be opened: {error}", reason="InvalidOutput") from error
        self._root = root.rstrip("/")
        self.uri = uri

    @property
    def location(self) -> str:
        """The root, as programs other than fsspec know it: a path on a disk, else a URL."""
        return self._root if _on_disk(self.uri) else str(self._fs.unstrip_protocol(self._root))

    def write(self, path: str, content: bytes) -> StoredFile:
        """Write a file, and return what a manifest says of it.

        Raises:
            OutputUnavailable: the storage refuses.
        """
        with self._asked(f"write {path}"):
            self._fs.pipe_file(self._full(path), content)
        return StoredFile(path=path, bytes=len(content), sha256=hashlib.sha256(content).hexdigest())

    def read(self, path: str) -> bytes | None:
        """Return a file's content, or None if there is no such file.

        Raises:
            OutputUnavailable: the storage refuses.
        """
        return self.read_many([path])[0]

    def read_many(self, paths: Sequence[str]) -> Sequence[bytes | None]:
        """Return the content of each file, None where there is no such file.

        As ranges, since fsspec's `cat` takes paths for patterns, and would read `run[1]` as `run1`.

        Raises:
            OutputUnavailable: the storage refuses.
        """
        if not paths:
            return []
        with self._asked(f"read {paths[0]}"):
            answers = self._fs.cat_ranges([self._full(path) for path in paths], None, None, on_error="return")
            return [_content(answer) for answer in answers]

    def list(self, folder: str) -> Sequence[str]:
        """Return the paths of the files and folders directly in a folder, sorted; of none if there is no such folder.

        Not of what lies deeper, for which fsspec would hold all that is known of each file, a kilobyte or so.

        Raises:
            OutputUnavailable: the storage refuses.
        """
        with self._asked(f"list {folder}"):
            try:
                found = self._fs.ls(self._full(folder), detail=False)
            except FileNotFoundError:
                return []
        return sorted(path[len(self._root) + 1 :] for path in found)

    def folders(self, folder: str) -> Sequence[str]:
        """Return the names of the folders that lie directly in a folder, sorted; none if there is no such folder.

        Raises:
            OutputUnavailable: the storage refuses.
        """
        with self._asked(f"list {folder}"):
            try:
                found = self._fs.ls(self._full(folder), detail=True)
            except FileNotFoundError:
                return []
        names = (entry["name"].rstrip("/") for entry in found if entry["type"] == "directory")
        return sorted(name.rsplit("/", 1)[-1] for name in names)

    def write_record(self, path: str, record: ApiModel) -> None:
        """Write a record as JSON.

        Raises:
            OutputUnavailable: the storage refuses.
        """
        self.write(path, record.model_dump_json(by_alias=True, exclude_none=True).encode())

    def write_record_once(self, path: str, record: Model) -> Model:
        """Write a record unless there is a whole one, and return the one that is there.

        Another process that does the same work may have been faster: what it made stays, whole.

        Raises:
            OutputUnavailable: the storage refuses.
        """
        earlier = self.read_record(path, type(record))
        if earlier is not None:
            return earlier
        self.write_record(path, record)
        return record

    def read_record(self, path: str, kind: type[Model]) -> Model | None:
        """Return a record, or None if there is none, or none that is whole.

        Raises:
            OutputUnavailable: the storage refuses.
        """
        return _parse(self.read(path), kind)

    def read_records(self, paths: Iterable[str], kind: type[Model]) -> dict[str, Model]:
        """Return the records that are there and whole, by path; object storage is asked for many at a time.

        Raises:
            OutputUnavailable: the storage refuses, which says nothing of whether they are there.
        """
        found: dict[str, Model] = {}
        for some in batches(paths):
            for path, content in zip(some, self.read_many(some), strict=True):
                record = _parse(content, kind)
                if record is not None:
                    found[path] = record
        return found

    @contextmanager
    def _asked(self, what: str) -> Iterator[None]:
        """Say in one sentence that the storage refuses: each kind of storage has exceptions of its own."""
        try:
            yield
        except Exception as error:
            raise OutputUnavailable(
                f"the output {self.uri} refuses to {what}: {error}; see to its free space, its permissions and, for "
                "object storage, spec.output.credentialsSecretRef"
            ) from error

    def _full(self, path: str) -> str:
        return f"{self._root}/{path}"


def _options(uri: str) -> dict[str, bool]:
    """Return what fsspec is told beside its own environment variables: never to answer from an earlier listing."""
    return {"auto_mkdir": True} if _on_disk(uri) else {"use_listings_cache": False}


def _on_disk(uri: str) -> bool:
    return uri.startswith(("file:", "local:", "/"))


def _content(answer: bytes | Exception) -> bytes | None:
    if isinstance(answer, FileNotFoundError):
        # Its traceback leads to the frame that holds all answers: they would stay until the garbage collector comes.
        answer.__traceback__ = None
        return None
    if isinstance(answer, Exception):
        raise answer
    return answer


def _parse(content: bytes | None, kind: type[Model]) -> Model | None:
    if content is None:
        return None
    try:
        return kind.model_validate_json(content, by_alias=True, by_name=False)
    except ValidationError:
        return None
