"""Makes one picture of another. A program of its own: what it is given may be hostile, so it runs apart, within limits.

    python -I pixels.py '{"width": 512, "height": 512, "resize": "cover", …}' < source > result

An order that says `measure` is told what the result looks like, too: how bright, how sharp, and its difference hash.

Only the first frame and its pixels are carried over: no place, camera, comment, colour profile or hidden second part
of the source reaches the result. Its last line to stderr is JSON: what was made, or why nothing was.
"""

import json
import os
import resource
import sys
from typing import Any, BinaryIO

REFUSED = 3
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF")
# Sharpness depends on the size of what is looked at, so that is the same for all: the longer side, in pixels.
_LOOKED_AT = 1000
_MEMORY, _SECONDS, _RESULT = 1_200_000_000, 10, 50_000_000


class Refused(Exception):
    """The source is no picture, or too much of one."""


def limit_this_process() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_RESULT, _RESULT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def make(source: BinaryIO, result: BinaryIO, order: dict[str, Any]) -> dict[str, Any]:
    """Read the picture in `source` and write the one that was ordered. Raises Refused, and OSError for broken ones."""
    from PIL import Image, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = None  # asked below, by our own limit and as an error
    try:
        picture: Any = Image.open(source, formats=_FORMATS)
    except UnidentifiedImageError:
        raise Refused("not_a_picture") from None
    kind, taken = picture.format, (picture.width, picture.height)
    if picture.width * picture.height > order["max_pixels"]:
        raise Refused("too_many_pixels")
    wished = [side for side in (order["width"], order["height"]) if side]
    if kind == "JPEG" and wished:
        # Decodes at a fraction of its size, which is still at least twice of what is wanted.
        picture.draft("RGB", (2 * max(wished), 2 * max(wished)))
    picture = _upright(_plain(picture))
    picture = _resized(picture, order["width"], order["height"], order["resize"])
    if order.get("mark"):
        picture = _marked(picture, order["mark"])
    to = kind if order["format"] == "origin" else order["format"].upper()
    _write(picture, result, to, order["quality"])
    facts: dict[str, Any] = {
        "width": picture.width,
        "height": picture.height,
        "content_type": f"image/{to.lower()}",
    }
    return {**facts, "measured": {"taken": taken, **_measured(picture)}} if order.get("measure") else facts


def _measured(picture: Any) -> dict[str, Any]:
    """Mean and spread of brightness (0 to 255), the variance of the Laplacian as sharpness, and the 64-bit dHash."""
    from PIL import Image, ImageFilter, ImageStat

    grey = picture.convert("L")
    scale = min(1, _LOOKED_AT / max(grey.size))
    small = grey.resize([max(3, round(side * scale)) for side in grey.size], Image.Resampling.LANCZOS)
    edges = small.filter(ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=128))
    # What touches the border of the picture is not filtered.
    inside = edges.crop((1, 1, edges.width - 1, edges.height - 1))
    tiny = grey.resize((9, 8), Image.Resampling.LANCZOS).tobytes()
    bits = 0
    for row in range(8):
        for column in range(8):
            bits = bits << 1 | (tiny[9 * row + column] > tiny[9 * row + column + 1])
    brightness = ImageStat.Stat(small)
    return {
        "brightness": round(brightness.mean[0], 1),
        "spread": round(brightness.stddev[0], 1),
        "sharpness": round(ImageStat.Stat(inside).var[0], 1),
        # Signed, as databases keep 64 bits.
        "hash": bits - (1 << 64) if bits >= 1 << 63 else bits,
    }


def _plain(picture: Any) -> Any:
    """The first frame, in the colours that screens show."""
    from PIL import ImageCms

    orientation = picture.getexif().get(0x0112, 1)
    profile = picture.info.get("icc_profile")
    see_through = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
    picture.load()
    if profile and picture.mode in ("RGB", "CMYK", "L"):
        picture = _in_screen_colours(picture, profile, ImageCms)
    if picture.mode.startswith("I"):
        picture = picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    picture = picture.convert("RGBA" if see_through else "RGB")
    picture.info = {"orientation": orientation}
    return picture


def _in_screen_colours(picture: Any, profile: bytes, cms: Any) -> Any:
    import io

    try:
        of_picture = cms.ImageCmsProfile(io.BytesIO(profile))
        return cms.profileToProfile(picture, of_picture, cms.createProfile("sRGB"), outputMode="RGB")
    except (cms.PyCMSError, OSError, ValueError):
        return picture


def _upright(picture: Any) -> Any:
    """Turned as the camera was held."""
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    turn = turns.get(picture.info.pop("orientation", 1))
    return picture if turn is None else picture.transpose(turn)


def _resized(picture: Any, width: int | None, height: int | None, how: str) -> Any:
    """`cover` fills the box and cuts off the rest, `contain` fits inside, `fill` stretches. Nothing is enlarged."""
    from PIL import ImageOps
    from PIL.Image import Resampling

    if not width and not height:
        return picture
    if not width or not height or how == "contain":
        box = (width or picture.width, height or picture.height)
        scale = min(box[0] / picture.width, box[1] / picture.height, 1)
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        return picture.resize(size, Resampling.LANCZOS)
    if how == "fill":
        return picture.resize((min(width, picture.width), min(height, picture.height)), Resampling.LANCZOS)
    scale = min(1, picture.width / width, picture.height / height)
    return ImageOps.fit(
        picture, (max(1, int(width * scale)), max(1, int(height * scale))), Resampling.LANCZOS
    )


def _marked(picture: Any, text: str) -> Any:
    """With a text in its pixels, all over and aslant: dark on light and light on dark, so that it shows on both."""
    from PIL import Image, ImageDraw, ImageFont

    side = max(picture.size)
    font: Any = ImageFont.load_default(size=max(10, side // 32))
    width, height = (max(1, round(length)) for length in font.getbbox(text)[2:])
    # Turned about its middle, a square of one and a half sides still covers the picture.
    ground = Image.new("RGBA", (round(1.5 * side), round(1.5 * side)), (0, 0, 0, 0))
    draw = ImageDraw.Draw(ground)
    for row, down in enumerate(range(0, ground.height, 6 * height)):
        for across in range(-(row % 2) * width // 2, ground.width, round(1.4 * width)):
            draw.text(
                (across, down),
                text,
                font=font,
                fill=(255, 255, 255, 110),
                stroke_width=1,
                stroke_fill=(0, 0, 0, 110),
            )
    ground = ground.rotate(30, resample=Image.Resampling.BILINEAR)
    left, top = (ground.width - picture.width) // 2, (ground.height - picture.height) // 2
    over = ground.crop((left, top, left + picture.width, top + picture.height))
    marked = Image.alpha_composite(picture.convert("RGBA"), over)
    return marked if picture.mode == "RGBA" else marked.convert("RGB")


def _write(picture: Any, result: BinaryIO, kind: str, quality: int) -> None:
    from PIL import Image

    if kind == "JPEG" and picture.mode == "RGBA":
        ground = Image.new("RGB", picture.size, "white")
        ground.paste(picture, mask=picture.getchannel("A"))
        picture = ground
    picture.info = {}
    options: dict[str, dict[str, Any]] = {
        "JPEG": {"quality": quality, "progressive": True},
        "WEBP": {"quality": quality, "method": 3},
        "AVIF": {"quality": quality, "speed": 8},
    }
    picture.save(result, kind, **options.get(kind, {}))


def main() -> int:
    limit_this_process()
    order = json.loads(sys.argv[1])
    try:
        with open(0, "rb", closefd=False) as source, open(1, "wb", closefd=False) as result:
            made = make(source, result, order)
            result.flush()
            os.fsync(1)
    except Refused as refusal:
        made = {"refused": str(refusal)}
    except MemoryError:
        made = {"refused": "too_many_pixels"}
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, OverflowError):
        # What Pillow raises for a file that only begins like a picture.
        made = {"refused": "not_a_picture"}
    print(json.dumps(made), file=sys.stderr)
    return REFUSED if "refused" in made else 0


if __name__ == "__main__":
    sys.exit(main())
