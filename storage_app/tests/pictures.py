"""Pictures for tests, honest and hostile."""

import io
import zlib
from struct import pack
from typing import Any

from PIL import Image
from PIL.Image import Exif

LAGOS = {1: "N", 2: (6.0, 27.0, 12.0), 3: "E", 4: (3.0, 23.0, 45.0)}
MAKER = "Camera of Ada"


def picture(
    size: tuple[int, int] = (60, 40), kind: str = "PNG", *, mode: str = "RGB", **options: Any
) -> bytes:
    """Left half red, right half blue: what is turned or cut shows."""
    found = Image.new("RGB", size, "blue")
    found.paste("red", (0, 0, size[0] // 2, size[1]))
    return _saved(found.convert(mode), kind, **options)


def blank(size: tuple[int, int], colour: str, mode: str = "RGB") -> bytes:
    return _saved(Image.new(mode, size, colour), "PNG")


def photograph(size: tuple[int, int] = (60, 40), *, orientation: int = 1) -> bytes:
    """As a phone takes it: with the place, the camera and which way up it was held."""
    exif = Exif()
    exif[0x0112], exif[0x010F] = orientation, MAKER
    exif.get_ifd(0x8825).update(LAGOS)
    return picture(size, "JPEG", exif=exif, quality=95, comment=b"at home")


def animated(frames: int = 5) -> bytes:
    colours = ["red", "green", "blue", "white", "black"]
    pictures = [Image.new("RGB", (30, 30), colours[number % 5]) for number in range(frames)]
    return _saved(pictures[0], "GIF", save_all=True, append_images=pictures[1:], duration=50)


def bomb(side: int = 30_000) -> bytes:
    """A few bytes of PNG that say they are 900 million pixels, and are."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))

    row = b"\x00" + bytes(side // 8)
    packed = zlib.compressobj(9)
    lines = b"".join([packed.compress(row * 100) for _ in range(side // 100)]) + packed.flush()
    head = pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", lines) + chunk(b"IEND", b"")


def opened(content: bytes) -> Any:
    return Image.open(io.BytesIO(content))


def near(pixel: tuple[int, ...], colour: tuple[int, int, int]) -> bool:
    """Whether a pixel is this colour, as far as lossy formats keep it."""
    return all(abs(one - other) < 40 for one, other in zip(pixel[:3], colour, strict=True))


def _saved(found: Any, kind: str, **options: Any) -> bytes:
    target = io.BytesIO()
    found.save(target, kind, **options)
    return target.getvalue()
