"""What a document is when it comes: told by its content, measured, made anew. What is no good leaves nothing behind."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.kyc import pdf, quality
from accounts.models import KycDocument
from core.errors import DomainError
from core.ids import uuid7
from storage_app import blobs
from storage_app.services import pictures

MOST_BYTES = 15_000_000
# The original is not kept: upright, at most so many pixels a side, without a word on where and by what it was taken.
ORDER = pictures.Order(width=3000, height=3000, resize="contain", format="jpeg", quality=85, measure=True)
MAY_BE_PDF = frozenset({KycDocument.Kind.UTILITY_BILL, KycDocument.Kind.BANK_STATEMENT})


class DocumentTooLarge(DomainError):
    code = "document_too_large"
    message = _("This file is larger than 15 MB. Take a picture of it with your phone instead.")


class DocumentTypeRefused(DomainError):
    code = "document_type_refused"
    message = _("We cannot read this kind of file. Send a picture: JPEG, PNG or WebP.")


class PictureTooSmall(DomainError):
    code = quality.TOO_SMALL
    message = _("The picture is too small to be read. Go nearer, and send it as the camera took it.")


class PictureTooDark(DomainError):
    code = quality.TOO_DARK
    message = _("The picture is too dark. Go where there is more light, and take it again.")


class PictureTooBright(DomainError):
    code = quality.TOO_BRIGHT
    message = _("The picture is too bright. Keep lamps, flash and sun off it, and take it again.")


class PictureWashedOut(DomainError):
    code = quality.WASHED_OUT
    message = _(
        "Nothing stands out in the picture. Wipe the lens, lay the document on a dark table, and take it again."
    )


class PictureBlurred(DomainError):
    code = quality.BLURRED
    message = _(
        "The picture is blurred. Hold the phone still and wait until it is sharp, then take it again."
    )


class PdfBroken(DomainError):
    code = pdf.BROKEN
    message = _("This PDF is damaged or did not arrive whole. Download it again, and send that.")


class PdfLocked(DomainError):
    code = pdf.LOCKED
    message = _("This PDF is locked with a password. Save it without one, or send a picture of it.")


class PdfTooLong(DomainError):
    code = pdf.TOO_LONG
    message = _("This PDF has more than 20 pages. Send only the pages with your name, address and the date.")


class PdfActive(DomainError):
    code = pdf.ACTIVE
    message = _("This PDF has programs or other files in it. Print it to a new PDF, or send a picture of it.")


_REFUSALS: dict[str, type[DomainError]] = {
    each.code: each
    for each in (
        *(PictureTooSmall, PictureTooDark, PictureTooBright, PictureWashedOut, PictureBlurred),
        *(PdfBroken, PdfLocked, PdfTooLong, PdfActive),
    )
}


@dataclass(frozen=True)
class Taken:
    """A document as it is kept, its bytes written already: they are the caller's to doom if no row takes them."""

    written: blobs.Written
    content_type: str
    width: int | None = None
    height: int | None = None
    picture_hash: int | None = None
    quality: dict[str, Any] = field(default_factory=dict)

    @property
    def ending(self) -> str:
        return "pdf" if self.content_type == "application/pdf" else "jpg"


def take(*, source: Iterable[bytes], kind: str) -> Taken:
    """Look at what came for a document of this kind, and write down what we keep of it.

    Raises DocumentTooLarge, DocumentTypeRefused, PictureBusy, and the refusals above by what is wrong.
    """
    content = _whole(source)
    if content.startswith(b"%PDF-"):
        return _pdf(content, kind)
    try:
        made = pictures.make(source=[content], order=ORDER)
    except pictures.NotAPicture:
        raise DocumentTypeRefused from None
    except pictures.PictureTooLarge:
        raise DocumentTooLarge from None
    measured = made.measured or {}
    fault = quality.fault_of(measured, kind=kind)
    if fault is not None:
        made.file.close()
        raise _REFUSALS[fault](**measured)
    written = pictures.keep(made=made)
    shown = {name: found for name, found in measured.items() if name != "hash"}
    return Taken(written, made.content_type, made.width, made.height, measured["hash"], shown)


def _pdf(content: bytes, kind: str) -> Taken:
    if kind not in MAY_BE_PDF:
        raise DocumentTypeRefused
    fault = pdf.fault_of(content)
    if fault is not None:
        raise _REFUSALS[fault]()
    with blobs.Writer(blobs.key_of(uuid7())) as writer:
        writer.write(content)
        written = writer.finish()
    return Taken(written, "application/pdf", quality={"pages": pdf.pages(content)})


def _whole(source: Iterable[bytes]) -> bytes:
    pieces, size = [], 0
    for piece in source:
        size += len(piece)
        if size > MOST_BYTES:
            raise DocumentTooLarge
        pieces.append(piece)
    return b"".join(pieces)
