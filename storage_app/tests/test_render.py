"""Pictures going out of a running server, smaller or in another format."""

from collections.abc import Iterator

import httpx
import pytest
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import bearer, make_person
from core.actors import acting_as_service
from storage_app.asgi import render
from storage_app.models import Bucket, Rendition
from storage_app.services import signing
from storage_app.tests.factories import make_bucket, put
from storage_app.tests.pictures import bomb, opened, photograph, picture


@pytest.fixture
def ada(server) -> User:
    return make_person(email="ada@alajo.test")


@pytest.fixture
def client(server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{server}/storage/v1/render/image") as client:
        yield client


def keep(ada: User, content: bytes, *, public: bool = False, name: str = "me.jpg"):
    with acting_as_service():
        there = Bucket.objects.filter(pk="shop").exists()
    if not there:
        make_bucket("shop", public=public)
    return put(f"{ada.id}/{name}", content, by=ada, bucket="shop", content_type="image/jpeg")


def test_a_public_picture_in_the_size_that_was_asked_for(client, ada):
    keep(ada, photograph((600, 400)), public=True)
    address = f"/public/shop/{ada.id}/me.jpg?width=200&height=200&quality=60"
    answer = client.get(address)
    assert answer.status_code == 200 and opened(answer.content).size == (200, 200)
    assert answer.headers["x-transformations"] == "height:200,width:200,resizing_type:fill,quality:60"
    assert answer.headers["content-type"] == "image/jpeg" and not opened(answer.content).getexif()
    again = client.get(address, headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304
    other = client.get(f"/public/shop/{ada.id}/me.jpg?width=100&format=webp")
    assert other.headers["content-type"] == "image/webp" and opened(other.content).size == (100, 67)
    with acting_as_service():
        assert Rendition.objects.count() == 2


def test_a_private_picture_is_for_who_may_read_it(client, ada):
    keep(ada, photograph((600, 400)))
    path = f"shop/{ada.id}/me.jpg?width=100"
    assert client.get(f"/authenticated/{path}", headers=bearer(ada)).status_code == 200
    other = bearer(make_person(email="bola@alajo.test"))
    for answer in (client.get(f"/public/{path}"), client.get(f"/authenticated/{path}", headers=other)):
        assert answer.status_code == 400 and answer.json()["statusCode"] == "404"
    assert client.get(f"/authenticated/{path}").status_code == 400


def test_a_signed_address_shows_the_picture_it_was_signed_for_and_no_other(client, ada):
    found = keep(ada, photograph((600, 400)))
    with acting_as_service():
        bucket = Bucket.objects.get(pk="shop")
        token = signing.sign_download(
            object=found, bucket=bucket, expires_in=60, at=timezone.now(), rendition={"width": 120}
        )
        whole = signing.sign_download(object=found, bucket=bucket, expires_in=60, at=timezone.now())
    address = f"/sign/shop/{ada.id}/me.jpg"
    answer = client.get(f"{address}?token={token}&width=600")
    assert opened(answer.content).size == (120, 80) and "expires" in answer.headers
    assert client.get(f"{address}?token={whole}&width=10").status_code == 400
    assert client.get(f"../../object/sign/shop/{ada.id}/me.jpg?token={token}").status_code == 400


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"hello", "not_a_picture"),
        (bomb(), "picture_too_large"),
        (picture()[:50], "not_a_picture"),
        (b"<svg/>", "not_a_picture"),
    ],
    ids=["text", "bomb", "half", "svg"],
)
def test_what_is_no_picture_of_ours_is_refused(client, ada, content, code):
    keep(ada, content, public=True)
    answer = client.get(f"/public/shop/{ada.id}/me.jpg?width=100")
    assert answer.status_code == 400 and answer.json()["code"] == code


def test_an_order_out_of_bounds_is_refused(client, ada):
    keep(ada, photograph(), public=True)
    for wish in ("width=0", "width=9999", "quality=1", "resize=zoom", "format=svg"):
        answer = client.get(f"/public/shop/{ada.id}/me.jpg?{wish}")
        assert answer.status_code == 400 and answer.json()["code"] == "invalid_transformation", wish


def test_when_too_many_wait_the_next_is_told_to_come_again(client, ada, monkeypatch):
    keep(ada, photograph(), public=True)
    monkeypatch.setattr(render, "_MOST_WAITING", 0)
    answer = client.get(f"/public/shop/{ada.id}/me.jpg?width=10")
    assert answer.json()["code"] == "picture_busy" and answer.json()["statusCode"] == "500"
    monkeypatch.setattr(render, "_MOST_WAITING", 1)
    assert client.get(f"/public/shop/{ada.id}/me.jpg?width=10").status_code == 200
