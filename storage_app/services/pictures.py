"""Pictures made of pictures, by a process of its own that is stopped when it takes too long (storage_app/pixels.py)."""

import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryFile
from threading import BoundedSemaphore
from typing import IO, Any

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError
from core.ids import uuid7
from storage_app import blobs, pixels

LONGEST_SIDE = 2500
MOST_PIXELS = 60_000_000
MOST_BYTES = 30_000_000
SECONDS = 15
# Each picture being made takes memory and a processor: the next one waits for its turn, and not for long.
_AT_ONCE = BoundedSemaphore(2)
_TURN = 10
FORMATS = ("origin", "jpeg", "png", "webp", "avif")
RESIZES = ("cover", "contain", "fill")


class NotAPicture(DomainError):
    code = "not_a_picture"
    message = _("This is not a picture that we can read. Take a JPEG, PNG, WebP, AVIF or GIF file.")


class PictureTooLarge(DomainError):
    code = "picture_too_large"
    message = _("This picture is too large. Take one of at most 30 MB and 60 million pixels.")


class PictureBusy(DomainError):
    code = "picture_busy"
    kind = "unavailable"
    message = _("We are busy with other pictures just now. Please try again.")


@dataclass(frozen=True)
class Order:
    """What a picture shall become. No side given leaves that side to the other; neither leaves its size.

    `measure`: say how bright and sharp it is, and its difference hash.
    """

    width: int | None = None
    height: int | None = None
    resize: str = "cover"
    format: str = "origin"
    quality: int = 80
    mark: str = ""  # written all over it
    max_pixels: int = MOST_PIXELS
    measure: bool = False


@dataclass(frozen=True)
class Made:
    """A picture that lies in `file`, at its beginning."""

    file: IO[bytes]
    width: int
    height: int
    content_type: str
    measured: dict[str, Any] | None = None


def make(*, source: Iterable[bytes], order: Order) -> Made:
    """Make a picture; the source comes in pieces, the result lies in a nameless file that is the caller's to close.

    Raises NotAPicture, PictureTooLarge, PictureBusy.
    """
    with TemporaryFile() as given:
        size = 0
        for piece in source:
            size += len(piece)
            if size > MOST_BYTES:
                raise PictureTooLarge
            given.write(piece)
        given.flush()
        given.seek(0)
        made = TemporaryFile()  # noqa: SIM115 - the caller closes it
        try:
            facts = _run(given, made, order)
        except BaseException:
            made.close()
            raise
    made.seek(0)
    return Made(made, **facts)


def keep(*, made: Made, kind: str = "objects") -> blobs.Written:
    """Write a picture that was made into a blob of its own, and close its file."""
    with made.file, blobs.Writer(blobs.key_of(uuid7(), kind=kind)) as writer:
        while piece := made.file.read(blobs.PIECE):
            writer.write(piece)
        return writer.finish()


def _run(given: IO[bytes], made: IO[bytes], order: Order) -> dict[str, Any]:
    program = [sys.executable, "-I", str(Path(pixels.__file__)), json.dumps(asdict(order))]
    if not _AT_ONCE.acquire(timeout=_TURN):
        raise PictureBusy
    try:
        done = subprocess.run(
            program,
            stdin=given,
            stdout=made,
            stderr=subprocess.PIPE,
            timeout=SECONDS,
            env={"PATH": ""},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise PictureTooLarge from None
    finally:
        _AT_ONCE.release()
    said = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
    if done.returncode == 0:
        facts: dict[str, Any] = json.loads(said)
        return facts
    if done.returncode == pixels.REFUSED and json.loads(said)["refused"] == "not_a_picture":
        raise NotAPicture
    # Also when it was stopped for taking more time or memory than a picture needs.
    raise PictureTooLarge
