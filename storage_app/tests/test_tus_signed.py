"""Uploads in parts by a signed address."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import make_person
from core.actors import acting_as, acting_as_service
from storage_app.models import BucketRule
from storage_app.services import buckets, objects, signing
from storage_app.tests.factories import bytes_of, make_bucket, put
from storage_app.tests.tus import Tus, held, told

pytestmark = pytest.mark.usefixtures("server")


@pytest.fixture
def ada(server) -> User:
    make_bucket()
    return make_person(email="ada@alajo.test")


@pytest.fixture
def tus(server, ada) -> Tus:
    return Tus(server, by=ada)


def signed(ada: User, name: str, *, upsert: bool = False, at: Any = None) -> str:
    with acting_as(ada):
        place = objects.place_for(bucket_id="docs", name=name, upsert=upsert)
        bucket = objects.bucket_named("docs")
    return signing.sign_upload(place=place, bucket=bucket, at=at or timezone.now())


def test_who_has_a_signed_address_uploads_as_its_signer(server, ada):
    tus = Tus(server, token=signed(ada, f"{ada.id}/a"))
    url = tus.begun(f"{ada.id}/a", 10)
    assert url.startswith(f"{tus.url}/")
    assert tus.patch(url, 0, b"hello").status_code == 204
    assert tus.patch(url, 5, b"world").headers["tus-complete"] == "1"
    assert bytes_of(held(ada)) == b"helloworld" and held(ada).owner_id == ada.id


def test_a_signed_address_is_for_one_file_and_one_use(server, ada):
    bola = make_person(email="bola@alajo.test")
    name = f"{ada.id}/a"
    tus = Tus(server, token=signed(ada, name))
    assert told(tus.create(f"{ada.id}/b", 3)) == (400, "The url do not match the signature")
    download = signing.sign_download(
        object=put(f"{ada.id}/d", by=ada), bucket=make_bucket("other"), expires_in=60, at=timezone.now()
    )
    assert told(Tus(server, token=download).create(f"{ada.id}/d", 3))[0] == 400
    assert told(Tus(server, token="x").create(name, 3))[0] == 400
    old = signed(ada, name, at=timezone.now() - timedelta(hours=3))
    assert told(Tus(server, token=old).create(name, 3)) == (400, '"exp" claim timestamp check failed')
    url = tus.begun(name, 5)
    # A token of another person's for the same address does not go on with it.
    with acting_as_service():
        BucketRule.objects.create(bucket_id="docs", who="SIGNED_IN", what="ADD")
    with acting_as(bola):
        place = objects.place_for(bucket_id="docs", name=name, upsert=False)
        theirs = signing.sign_upload(place=place, bucket=objects.bucket_named("docs"), at=timezone.now())
    assert told(Tus(server, token=theirs).patch(url, 0, b"hello"))[0] == 404
    with acting_as_service():
        buckets.end_signed_addresses(id="docs")
    assert told(tus.patch(url, 0, b"hello")) == (400, "The signature has been revoked")


def test_who_has_a_signed_address_may_not_ask_without_end(server, ada, settings):
    settings.STORAGE_RATE_LIMITS = {"strangers": "2/minute"}
    tus = Tus(server, token=signed(ada, f"{ada.id}/a"))
    url = tus.begun(f"{ada.id}/a", 10)
    assert tus.patch(url, 0, b"hello").status_code == 204
    answer = tus.patch(url, 5, b"world")
    assert told(answer)[0] == 429 and int(answer.headers["retry-after"]) <= 60
