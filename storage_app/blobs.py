"""Bytes, kept apart from their rows: written once under a key of their own, read in ranges, removed.

Where they lie is a storage of Django's (`STORAGES["files"]`): a folder of this machine, or a bucket of an S3 service.
Nothing here holds more than one piece (`PIECE`) of a file in memory. The functions block: call them from a thread.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, cast
from uuid import UUID

from django.core.files.storage import FileSystemStorage, Storage, storages

from storage_app.content import SNIFFED

PIECE = 1024 * 1024
# So much is sent at once of what lies in memory: it passes through the processor's cache.
READY_PIECE = 256 * 1024
_SENT_TO_DISK = 4 * 1024 * 1024
_NOWAIT = getattr(os, "RWF_NOWAIT", 0)
# What hashing costs is worth another thread from this size on.
_WORTH_A_THREAD = 128 * 1024
_hashing = ThreadPoolExecutor(2, thread_name_prefix="hashing")
# MD5 takes more than all else together, and names a content only in its ETag. That of a larger one is the MD5 of its
# SHA-256: as with S3, whose ETags of large objects are no MD5 of their bytes either.
MD5_UP_TO = 4 * 1024 * 1024


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
        self._size = self._on_its_way = 0

    def write(self, piece: bytes) -> None:
        left = memoryview(piece)
        while left:
            left = left[self._file.write(left) :]
        self._size += len(piece)
        if self._size - self._on_its_way >= _SENT_TO_DISK:
            self._send_to_disk()

    def _send_to_disk(self) -> None:
        """Let the disk begin with what it has not got, so that the sync at the end has less to wait for."""
        if hasattr(os, "posix_fadvise"):
            length = self._size - self._on_its_way
            os.posix_fadvise(self._file.fileno(), self._on_its_way, length, os.POSIX_FADV_DONTNEED)
        self._on_its_way = self._size

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
        self._beside: Future[None] | None = None

    def write(self, *pieces: bytes) -> None:
        """Add some bytes. MD5 runs beside the rest, and may be a step behind."""
        size = sum(map(len, pieces))
        self._keep(pieces)
        self._wait_for_md5()
        self.size += size
        if self.size > MD5_UP_TO:
            return
        if size < _WORTH_A_THREAD:
            self._hash(self._md5, pieces)
        else:
            self._beside = _hashing.submit(self._hash, self._md5, pieces)

    def _wait_for_md5(self) -> None:
        if self._beside is not None:
            self._beside.result()
            self._beside = None

    def _keep(self, pieces: Sequence[bytes]) -> None:
        for piece in pieces:
            if len(self._head) < SNIFFED:
                self._head += bytes(piece[: SNIFFED - len(self._head)])
            self._file.write(piece)
        self._hash(self._sha256, pieces)

    @staticmethod
    def _hash(digest: Any, pieces: Sequence[bytes]) -> None:
        for piece in pieces:
            digest.update(piece)

    def finish(self) -> Written:
        self._file.close()
        self._wait_for_md5()
        self._finished = True
        large = self.size > MD5_UP_TO
        md5 = hashlib.md5(self._sha256.digest(), usedforsecurity=False) if large else self._md5
        return Written(self.key, self.size, md5.hexdigest(), self._sha256.hexdigest(), self._head)

    def __enter__(self) -> "Writer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._finished:
            self.abandon()

    def abandon(self) -> None:
        """Leave nothing of what was written."""
        if hasattr(self._file, "abandon"):
            self._file.abandon()
        elif getattr(self._file, "_multipart", None) is not None:
            self._file._multipart.abort()


def read(key: str, *, start: int = 0, length: int | None = None) -> Iterator[bytes]:
    """Yield a blob's bytes from `start` on, `length` of them at most, in pieces. Raises BlobMissing at the first."""
    with opened(key, start=start, length=length) as reader:
        while piece := reader.read():
            yield piece


def opened(key: str, *, start: int = 0, length: int | None = None) -> "FolderReader | S3Reader":
    """Return what reads a blob from `start` on, `length` bytes at most. Raises BlobMissing."""
    kept = storage()
    if isinstance(kept, FileSystemStorage):
        return FolderReader(Path(kept.path(key)), start, length)
    return S3Reader(kept, key, start, length)


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


class FolderReader:
    """Reads a file of this machine, a piece at a time."""

    def __init__(self, path: Path, start: int, length: int | None) -> None:
        try:
            self._file = path.open("rb", buffering=0)
        except FileNotFoundError:
            raise BlobMissing(path.name) from None
        self._at = start
        self._end = os.fstat(self._file.fileno()).st_size if length is None else start + length

    def ready(self) -> bytes | bytearray | memoryview | None:
        """What can be had at once, since it lies in memory; None where that would have to wait for the disk."""
        wanted = min(READY_PIECE, self._end - self._at)
        if wanted <= 0:
            return b""
        piece = bytearray(wanted)
        try:
            got = os.preadv(self._file.fileno(), [piece], self._at, _NOWAIT)
        except OSError:  # not in memory, or a kind of file system that cannot tell
            return None
        self._at += got
        return piece if got == wanted else memoryview(piece)[:got]

    def read(self) -> bytes:
        """The next piece; nothing at the end."""
        piece = os.pread(self._file.fileno(), max(0, min(PIECE, self._end - self._at)), self._at)
        self._at += len(piece)
        return piece

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> "FolderReader":
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


class S3Reader:
    """Reads an object of an S3 service, a piece at a time."""

    def __init__(self, kept: Any, key: str, start: int, length: int | None) -> None:
        self._body: Any = None
        if length == 0:
            return
        wanted = {"Range": f"bytes={start}-{'' if length is None else start + length - 1}"}
        found = kept.bucket.Object(kept._normalize_name(key))
        errors = kept.connection.meta.client.exceptions
        try:
            self._body = found.get(**(wanted if start or length is not None else {}))["Body"]
        except errors.NoSuchKey:
            raise BlobMissing(key) from None
        except errors.ClientError as error:
            # Nothing lies there: as in a file of this machine, there is nothing to read then.
            if error.response["Error"]["Code"] != "InvalidRange":
                raise

    def ready(self) -> None:
        """Nothing: each piece is waited for."""

    def read(self) -> bytes:
        """The next piece; nothing at the end."""
        return cast(bytes, self._body.read(PIECE)) if self._body is not None else b""

    def close(self) -> None:
        if self._body is not None:
            self._body.close()

    def __enter__(self) -> "S3Reader":
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()
