"""What one request brings of an upload, on its way into parts; and all parts of one joined into a file."""

import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from time import monotonic
from typing import Any
from uuid import UUID

from django.utils import timezone

from core.errors import DomainError
from core.ids import uuid7
from storage_app import blobs
from storage_app.asgi.exchange import Disconnected, Exchange
from storage_app.asgi.threads import blocking
from storage_app.content import SNIFFED
from storage_app.models import Upload, UploadPart
from storage_app.services import objects, removal, uploads
from storage_app.services.objects import Place, TooLarge
from storage_app.services.uploads import Part

PART = 4 * 1024 * 1024
# A part ends in time to renew the lease, however slowly its bytes come.
PART_TIME = uploads.LEASE / 2
ALGORITHMS = ("sha1", "md5", "sha256")


class ChecksumWrong(DomainError):
    """What arrived is not what was sent."""

    code = "checksum_wrong"


class Checksum:
    """What the bytes of one request must amount to."""

    def __init__(self, algorithm: str, expected: bytes) -> None:
        self._digest, self._expected = hashlib.new(algorithm, usedforsecurity=False), expected

    def update(self, piece: bytes) -> None:
        self._digest.update(piece)

    def check(self) -> None:
        """Raises ChecksumWrong."""
        if self._digest.digest() != self._expected:
            raise ChecksumWrong


class Arriving:
    """Takes the body of a request into parts of an upload. Of these, the one that is being written is held open.

    Each part is the upload's as soon as it is whole, and what arrived stays when the client goes away. With a checksum
    nothing is taken in before all of it is proven.
    """

    def __init__(self, exchange: Exchange, upload: Upload, place: Place, checksum: Checksum | None) -> None:
        self.upload = upload
        self._exchange, self._place, self._checksum = exchange, place, checksum
        self._limit = place.limit if upload.size is None else upload.size
        self._at = upload.offset
        self._filling: list[bytes] = []
        self._filled = self._size = 0
        self._writer: blobs.Writer | None = None
        self._begun = monotonic()
        self._waiting: list[Part] = []

    async def take_in(self) -> Upload:
        """Return the upload with all that came. Raises TooLarge, TypeNotAllowed, ChecksumWrong, Disconnected."""
        try:
            try:
                async for piece in self._exchange.pieces():
                    await self._add(piece)
            except Disconnected:
                if self._checksum is None:
                    await self._end_part()
                raise
            await self._end_part()
            if self._checksum is not None:
                self._checksum.check()
                await self._commit()
            return self.upload
        finally:
            if self._writer is not None:
                await blocking(self._writer.abandon)
            await self._doom_waiting()

    async def _add(self, piece: bytes) -> None:
        if self._at + len(piece) > self._limit:
            raise TooLarge(limit=self._limit)
        if self._size and (self._size + len(piece) > PART or self._is_late()):
            await self._end_part()
        if self._checksum is not None:
            self._checksum.update(piece)
        self._filling.append(piece)
        self._filled += len(piece)
        self._size += len(piece)
        self._at += len(piece)
        if self._filled >= blobs.PIECE:
            await self._write()

    def _is_late(self) -> bool:
        return timedelta(seconds=monotonic() - self._begun) > PART_TIME

    async def _write(self) -> None:
        if self._writer is None:
            self._writer = await blocking(blobs.Writer, blobs.key_of(uuid7(), kind="uploads"))
        await blocking(self._writer.write, *self._filling)
        self._filling, self._filled = [], 0

    async def _end_part(self) -> None:
        if not self._size:
            return
        await self._write()
        assert self._writer is not None
        written = await blocking(self._writer.finish)
        self._writer = None
        first = self.upload.offset == 0 and not self._waiting
        self._waiting.append(Part(written.key, written.size))
        self._size, self._begun = 0, monotonic()
        if first and len(written.head) >= SNIFFED:
            objects.kind_of(place=self._place, head=written.head, content_type=self.upload.content_type)
        if self._checksum is None:
            await self._commit()
        else:
            await renew(self._exchange, self.upload)

    async def _commit(self) -> None:
        self.upload = await self._exchange.database(_add, upload=self.upload, parts=self._waiting)
        self._waiting = []

    async def _doom_waiting(self) -> None:
        if self._waiting:
            await self._exchange.database(_doom, keys=[part.blob_key for part in self._waiting])


class Joined:
    """All parts of an upload as one new blob, which is no file's yet.

    async with Joined(exchange, upload) as written: ...

    A blob that became no file's by the end is removed later.
    """

    def __init__(self, exchange: Exchange, upload: Upload) -> None:
        self._exchange, self._upload = exchange, upload
        self._key = blobs.key_of(uuid7())

    async def __aenter__(self) -> blobs.Written:
        writer = await blocking(blobs.Writer, self._key)
        try:
            renewed = monotonic()
            async for part in self._parts():
                await blocking(_copy, part, writer)
                if timedelta(seconds=monotonic() - renewed) > PART_TIME:
                    await renew(self._exchange, self._upload)
                    renewed = monotonic()
            return await blocking(writer.finish)
        except BaseException:
            await blocking(writer.abandon)
            raise

    async def _parts(self) -> AsyncIterator[UploadPart]:
        """Raises BlobMissing where the parts do not follow each other."""
        offset = 0
        while parts := await self._exchange.database(uploads.parts_of, id=self._upload.pk, offset=offset):
            for part in parts:
                if part.offset != offset:
                    raise blobs.BlobMissing(part.blob_key)
                yield part
                offset += part.size

    async def __aexit__(self, kind: type[BaseException] | None, *_rest: Any) -> None:
        if kind is not None:
            await self._exchange.database(_doom, keys=[self._key])


async def renew(exchange: Exchange, upload: Upload) -> None:
    await exchange.database(uploads.renew, id=upload.pk, writer=_writer(upload), at=timezone.now())


def _add(*, upload: Upload, parts: list[Part]) -> Upload:
    return uploads.add(id=upload.pk, writer=_writer(upload), parts=parts, at=timezone.now())


def _doom(*, keys: list[str]) -> None:
    for key in keys:
        removal.doom_unused(key=key, at=timezone.now())


def _copy(part: UploadPart, writer: blobs.Writer) -> None:
    """Raises BlobMissing, also where the part is shorter than it was."""
    before = writer.size
    for piece in blobs.read(part.blob_key):
        writer.write(piece)
    if writer.size - before != part.size:
        raise blobs.BlobMissing(part.blob_key)


def _writer(upload: Upload) -> UUID:
    """The lease under which this request writes. Raises UploadLocked where it has none."""
    if upload.writer is None:
        raise uploads.UploadLocked
    return upload.writer
