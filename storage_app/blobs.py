"""Bytes, kept apart from their rows: written once under a key of their own, read in ranges, removed.

Where they lie is a storage of Django's (`STORAGES["files"]`): a folder of this machine, or a bucket of an S3 service.
Nothing here holds more than one piece (`PIECE`) of a file in memory. The functions block: call them from a thread.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, cast
from uuid import UUID

from django.core.files.storage import FileSystemStorage, Storage, storages

from storage_app.content import SNIFFED

PIECE = 1024 * 1024


class BlobMissing(Exception):
    """A row points at a blob that is not there: a fault, never a refusal."""


@dataclass(frozen=True)
class Written:
    """A blob that lies there whole: `head` is how it begins, for telling what it is."""

    key: str
    size: int
    md5: str
    sha256: str
    head: bytes


class FolderStorage(FileSystemStorage):
    """A folder in which a file appears whole and for good, or not at all: synced, then renamed into its place."""

    def open(self, name: str, mode: str = "rb") -> Any:
        return _Arriving(Path(self.path(name))) if mode == "wb" else super().open(name, mode)


class _Arriving:
    def __init__(self, path: Path) -> None:
        self._path, self._arriving = path, path.with_suffix(".arriving")
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._arriving.open("wb", buffering=0)

    def write(self, piece: bytes) -> None:
        left = memoryview(piece)
        while left:
            left = left[self._file.write(left) :]

    def close(self) -> None:
        os.fsync(self._file.fileno())
        self._file.close()
        self._arriving.rename(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def abandon(self) -> None:
        self._file.close()
        self._arriving.unlink()


def key_of(id: UUID, *, kind: str = "objects") -> str:
    """Return the key of the blob of a version (or of a part of an upload, by its own id): made from the id alone."""
    text = id.hex
    # The end of the id is chance: it spreads the files evenly over the folders.
    return f"{kind}/{text[-2:]}/{text[-4:-2]}/{text}"


class Writer:
    """Writes one blob piece by piece; what was not finished leaves nothing behind.

    with Writer(key) as writer:
        writer.write(piece) ...
        written = writer.finish()
    """

    def __init__(self, key: str) -> None:
        self.key, self.size = key, 0
        self._md5, self._sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
        self._head = b""
        self._file: Any = storage().open(key, "wb")
        self._finished = False

    def write(self, piece: bytes) -> None:
        if len(self._head) < SNIFFED:
            self._head += bytes(piece[: SNIFFED - len(self._head)])
        self._md5.update(piece)
        self._sha256.update(piece)
        self._file.write(piece)
        self.size += len(piece)

    def finish(self) -> Written:
        self._file.close()
        self._finished = True
        return Written(self.key, self.size, self._md5.hexdigest(), self._sha256.hexdigest(), self._head)

    def __enter__(self) -> "Writer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._finished:
            return
        if hasattr(self._file, "abandon"):
            self._file.abandon()
        elif getattr(self._file, "_multipart", None) is not None:
            self._file._multipart.abort()


def read(key: str, *, start: int = 0, length: int | None = None) -> Iterator[bytes]:
    """Yield a blob's bytes from `start` on, `length` of them at most, in pieces. Raises BlobMissing at the first."""
    kept = storage()
    if isinstance(kept, FileSystemStorage):
        return _from_folder(Path(kept.path(key)), start, length)
    return _from_s3(kept, key, start, length)


def remove(key: str) -> None:
    """Remove a blob; one that is gone already is no fault."""
    storage().delete(key)


def exists(key: str) -> bool:
    return storage().exists(key)


def keys(prefix: str = "") -> Iterator[str]:
    """Yield the key of every blob there is."""
    with suppress(FileNotFoundError):
        folders, files = storage().listdir(prefix)
        for name in sorted(files):
            yield f"{prefix}/{name}" if prefix else name
        for name in sorted(folders):
            yield from keys(f"{prefix}/{name}" if prefix else name)


def storage() -> Storage:
    return storages["files"]


def _from_folder(path: Path, start: int, length: int | None) -> Iterator[bytes]:
    try:
        file = path.open("rb", buffering=0)
    except FileNotFoundError:
        raise BlobMissing(path.name) from None
    with file:
        file.seek(start)
        left = length
        while left is None or left > 0:
            piece = file.read(PIECE if left is None else min(PIECE, left))
            if not piece:
                return
            left = None if left is None else left - len(piece)
            yield piece


def _from_s3(kept: Any, key: str, start: int, length: int | None) -> Iterator[bytes]:
    if length == 0:
        return
    wanted = {"Range": f"bytes={start}-{'' if length is None else start + length - 1}"}
    found = kept.bucket.Object(kept._normalize_name(key))
    try:
        body = found.get(**(wanted if start or length is not None else {}))["Body"]
    except kept.connection.meta.client.exceptions.NoSuchKey:
        raise BlobMissing(key) from None
    with body:
        yield from cast(Iterator[bytes], body.iter_chunks(PIECE))
