"""Videos that are files: on a disk, or in object storage, behind fsspec."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import fsspec
from fsspec.core import has_magic
from fsspec.utils import glob_translate

from ingestion_contract.records import Video
from ingestion_worker.conclusion import ConfigurationError
from ingestion_worker.media.errors import MediaError
from ingestion_worker.source.addresses import AddressRefused, AddressRules
from ingestion_worker.source.allowance import Allowance
from ingestion_worker.source.failures import Deferred, StorageUnavailable
from ingestion_worker.source.ids import video_id
from ingestion_worker.text.words import encodable, one_line

SCHEMES = ("file", "s3", "gs")

SUFFIXES = frozenset(
    f".{suffix}"
    for suffix in (
        *("aac", "aiff", "flac", "m4a", "mka", "mp3", "oga", "ogg", "opus", "wav", "wma"),
        *("avi", "flv", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "ogv", "ts", "webm", "wmv"),
    )
)
"""What is taken for media in a folder; a file that is named, or matches a pattern, is taken whatever its name."""

_PIECE_BYTES = 2**20
_VERSIONS = ("ETag", "etag", "md5Hash")
_TIMES = ("mtime", "LastModified", "updated")


def is_stored(url: str) -> bool:
    """Return whether a URL leads to files rather than to a web site."""
    return scheme_of(url) in SCHEMES


def scheme_of(url: str) -> str:
    """Return the scheme of a URL, in lower case; empty if it has none."""
    scheme, separator, _ = url.partition("://")
    return scheme.lower() if separator else ""


def id_of(url: str) -> str:
    """Return the id of a file as a video."""
    return video_id(url.replace("://", ":", 1))


def list_files(url: str, rules: AddressRules) -> list[Video]:
    """Return a file as a video, or the media files of a folder, or what matches a pattern, in the order of their paths.

    Links to folders are not followed. Paths are written as they are, without percent signs.

    Raises:
        MediaError: `Gone` or `Forbidden`.
        AddressRefused: it is not below a folder that is allowed.
        StorageUnavailable: the storage does not answer.
        ConfigurationError: a package for this kind of storage is missing.
    """
    fs, path = _open(url)
    with _asked(url):
        if scheme_of(url) == "file":
            rules.check_file(Path(_root(path)))
        found = _found(fs, path)
    return [_video(fs, name, found[name]) for name in sorted(found)]


def copy(video: Video, target: Path, rules: AddressRules, allowance: Allowance) -> None:
    """Write a video's file to `target`, a path that is free, in pieces; a file of this machine is linked to instead.

    Raises:
        Deferred: `Changed`, the file is not the one that was listed.
        MediaError: `Gone`, `Forbidden` or `TooLarge`.
        AddressRefused, StorageUnavailable, ConfigurationError: as `list_files`.
        OSError: `target` cannot be written.
    """
    fs, path = _open(video.url)
    with _asked(video.url):
        version = _version(fs.info(path))
        if video.version not in ("", version):
            raise Deferred("Changed", f"{video.url} has changed since it was listed")
        local = _plain_file(rules.check_file(Path(path))) if scheme_of(video.url) == "file" else None
    if local is not None:
        target.symlink_to(local)
        return
    with target.open("xb") as to:  # never through a link to a file of the user's
        for piece in _pieces(fs, path, video.url):
            allowance.take(len(piece))
            to.write(piece)


def _pieces(fs: Any, path: str, url: str) -> Iterator[bytes]:
    with _asked(url), fs.open(path, "rb", block_size=_PIECE_BYTES * 8, cache_type="readahead") as source:
        while piece := source.read(_PIECE_BYTES):
            yield piece


def _open(url: str) -> tuple[Any, str]:
    """Return the file system and the path. Not by fsspec's own parser, which takes `a::http://b` for a chain."""
    scheme = scheme_of(url)
    if scheme == "file" and urlsplit(url).netloc:
        raise MediaError("Gone", f"{url} names a host: a file's URL has three slashes, as in file:///data/talks")
    try:
        fs = fsspec.filesystem(scheme, use_listings_cache=False)
    except ImportError as error:
        raise ConfigurationError(f"{scheme}:// URLs cannot be read by this image: {error}") from error
    rest = url.partition("://")[2].strip("/")
    return fs, f"/{rest}" if scheme == "file" else rest


def _found(fs: Any, path: str) -> dict[str, Mapping[str, Any]]:
    try:
        info = fs.info(path)
    except FileNotFoundError:
        if not has_magic(path):
            raise
        return dict(_matching(fs, path))
    if info["type"] == "file":
        return {info["name"]: info}
    return {name: found for name, found in _walk(fs, path) if Path(name).suffix.lower() in SUFFIXES}


def _walk(fs: Any, folder: str, depth: int | None = None) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the files below a folder, down to a depth.

    Not by fsspec's own `walk`, for which a folder below that cannot be read is empty: its videos would be lost unseen.
    """
    for info in fs.ls(folder, detail=True):
        name = info["name"].rstrip("/")
        if name == folder:
            continue
        if info["type"] != "directory":
            yield name, info
        elif depth != 1 and not info.get("islink"):
            yield from _walk(fs, name, depth and depth - 1)


def _matching(fs: Any, pattern: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    root = _root(pattern)
    depth = None if "**" in pattern else max(1, pattern.count("/") - root.count("/"))
    wanted = re.compile(glob_translate(pattern))
    for name, info in _walk(fs, root, depth):
        if wanted.match(name):
            yield name, info


def _root(pattern: str) -> str:
    """Return the folder above the first part of a path that is a pattern."""
    parts = pattern.split("/")
    plain = next((position for position, part in enumerate(parts) if has_magic(part)), len(parts))
    return "/".join(parts[:plain]) or "/"


def _video(fs: Any, path: str, info: Mapping[str, Any]) -> Video:
    url = fs.unstrip_protocol(path)
    return Video(
        id=id_of(url),
        url=encodable(url),
        title=one_line(Path(path).stem),
        version=_version(info),
    )


def _version(info: Mapping[str, Any]) -> str:
    for key in _VERSIONS:
        if info.get(key):
            return str(info[key]).strip('"')
    return "-".join([str(info.get("size")), *(str(info[key]) for key in _TIMES if key in info)])


_LEADS_NOWHERE = (errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG)
"""What a path is refused for that no later attempt will mend."""


def _plain_file(path: Path) -> Path:
    if not path.is_file():
        raise MediaError("Gone", f"{path} is no file")
    return path


@contextmanager
def _asked(url: str) -> Iterator[None]:
    """Say in one sentence what the storage refuses: each kind of storage has exceptions of its own."""
    try:
        yield
    except (AddressRefused, MediaError, Deferred):
        raise
    except FileNotFoundError as error:
        raise MediaError("Gone", f"{url} does not exist") from error
    except PermissionError as error:
        raise MediaError("Forbidden", f"{url} may not be read: {error}") from error
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _LEADS_NOWHERE:
            raise MediaError("Gone", f"{url} leads to no file: {error.strerror}") from error
        raise StorageUnavailable(f"{url} cannot be read: {error}") from error
