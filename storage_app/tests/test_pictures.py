"""Pictures made of pictures: what is wanted of honest ones, and what becomes of hostile ones."""

import pytest

from storage_app.services import pictures
from storage_app.services.pictures import NotAPicture, Order, PictureTooLarge
from storage_app.tests.pictures import MAKER, animated, blank, bomb, near, opened, photograph, picture

RED, BLUE = (255, 0, 0), (0, 0, 255)


def made(source: bytes, **order: object) -> tuple[pictures.Made, bytes]:
    found = pictures.make(source=[source], order=Order(**order))
    with found.file:
        return found, found.file.read()


@pytest.mark.parametrize(
    ("wish", "size"),
    [
        ({"width": 30}, (30, 20)),
        ({"height": 20}, (30, 20)),
        ({"width": 20, "height": 20}, (20, 20)),
        ({"width": 20, "height": 20, "resize": "contain"}, (20, 13)),
        ({"width": 10, "height": 20, "resize": "fill"}, (10, 20)),
        ({"width": 2000, "height": 2000}, (40, 40)),
        ({"width": 2000, "height": 2000, "resize": "contain"}, (60, 40)),
        ({}, (60, 40)),
    ],
    ids=str,
)
def test_a_picture_gets_the_size_that_was_asked_for_and_is_never_enlarged(wish, size):
    found, content = made(picture(), **wish)
    assert (found.width, found.height) == size == opened(content).size
    assert found.content_type == "image/png"


def test_cover_keeps_the_middle():
    _found, content = made(picture((60, 20)), width=20, height=20)
    small = opened(content).convert("RGB")
    assert near(small.getpixel((2, 10)), RED) and near(small.getpixel((17, 10)), BLUE)


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "avif"])
def test_each_format_can_be_made_of_each_other(kind):
    for source in (picture(), picture(kind="JPEG"), picture(kind="WEBP"), animated()):
        found, content = made(source, width=20, format=kind)
        assert found.content_type == f"image/{kind}" and opened(content).format == kind.upper()


def test_where_and_with_what_a_photograph_was_taken_does_not_reach_the_result():
    source = photograph()
    assert opened(source).getexif().get_ifd(0x8825) and MAKER.encode() in source
    for kind in ("origin", "png", "webp", "avif"):
        _found, content = made(source, format=kind)
        result = opened(content)
        assert not dict(result.getexif()) and not result.getexif().get_ifd(0x8825)
        assert MAKER.encode() not in content and b"at home" not in content


def test_what_hides_behind_a_picture_does_not_reach_the_result():
    _found, content = made(picture() + b"<script>alert(1)</script>")
    assert b"script" not in content


@pytest.mark.parametrize(
    ("orientation", "size", "top_left"),
    [(1, (60, 40), RED), (3, (60, 40), BLUE), (6, (40, 60), RED), (8, (40, 60), BLUE)],
)
def test_a_photograph_is_turned_as_the_camera_was_held(orientation, size, top_left):
    _found, content = made(photograph(orientation=orientation))
    result = opened(content)
    assert result.size == size and near(result.getpixel((3, 3)), top_left)


def test_only_the_first_frame_of_an_animation_is_kept():
    _found, content = made(animated(), format="webp")
    result = opened(content)
    assert getattr(result, "n_frames", 1) == 1 and near(result.convert("RGB").getpixel((5, 5)), RED)


@pytest.mark.parametrize("mode", ["CMYK", "L", "RGB"])
def test_the_colours_of_print_become_those_of_a_screen(mode):
    found, content = made(picture(kind="JPEG", mode=mode, quality=95), width=30)
    result = opened(content)
    assert result.mode == "RGB" and found.content_type == "image/jpeg"
    if mode != "L":
        assert near(result.getpixel((5, 5)), RED)


def test_what_is_see_through_stays_so_where_the_format_can():
    _found, content = made(picture(mode="RGBA"), format="webp")
    assert opened(content).mode in ("RGBA", "RGB")
    _found, content = made(picture(mode="P"), format="jpeg")
    assert opened(content).mode == "RGB"


def test_a_decompression_bomb_is_refused_by_what_it_says_of_itself():
    source = bomb()
    assert len(source) < 200_000
    with pytest.raises(PictureTooLarge):
        made(source, width=20)


def test_more_bytes_than_a_picture_needs_are_not_read(monkeypatch):
    monkeypatch.setattr(pictures, "MOST_BYTES", 1000)
    read: list[int] = []

    def endless():
        while True:
            read.append(1)
            yield bytes(300)

    with pytest.raises(PictureTooLarge):
        pictures.make(source=endless(), order=Order())
    assert len(read) == 4


def test_a_picture_that_takes_too_long_is_given_up(monkeypatch):
    monkeypatch.setattr(pictures, "SECONDS", 0.0001)
    with pytest.raises(PictureTooLarge):
        made(picture())
    monkeypatch.setattr(pictures, "SECONDS", 15)
    assert made(picture())


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"hello",
        picture()[:60],
        photograph()[:300],
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"%PDF-1.7 ...",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        picture(kind="TIFF"),
        picture(kind="BMP"),
    ],
    ids=["empty", "text", "half a PNG", "half a JPEG", "SVG", "PDF", "EPS", "TIFF", "BMP"],
)
def test_what_is_no_picture_of_ours_is_refused(source):
    with pytest.raises(NotAPicture):
        made(source, width=20)


@pytest.mark.parametrize("ground", ["white", "black", "grey"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_mark_is_in_the_pixels_all_over_whatever_they_show(ground, mode):
    plain = blank((600, 400), ground, mode)
    _found, content = made(plain, format="png", mark="Kemi Agent 2026-11-30 12:00")
    marked, before = opened(content).convert("RGB"), opened(plain).convert("RGB")
    assert marked.size == (600, 400)
    for left in range(0, 600, 200):
        for top in range(0, 400, 200):
            box = (left, top, left + 200, top + 200)
            assert marked.crop(box).tobytes() != before.crop(box).tobytes(), box
