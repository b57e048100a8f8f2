"""Signed addresses: each opens one version of one file, for one thing, until its time, its bucket or its file ends."""

from datetime import timedelta

import jwt
import pytest
from django.conf import settings
from django.utils import timezone

from accounts import access_tokens
from accounts.models import User
from accounts.tests.factories import make_person
from core.actors import acting_as, acting_as_service
from core.callers import BearerRefused, actor_of_bearer
from storage_app.services import buckets, objects, signing
from storage_app.tests.factories import make_bucket, put

pytestmark = pytest.mark.usefixtures("transactional_db", "files")
NOW = timezone.now().replace(microsecond=0)


@pytest.fixture
def ada() -> User:
    return make_person(email="ada@alajo.test")


def download_token(ada: User, *, public: bool = False, expires_in: int = 60) -> tuple[str, str]:
    """The name of a new file and a token that opens it."""
    bucket = make_bucket(public=public)
    object = put(f"{ada.id}/one", by=ada)
    return object.name, signing.sign_download(object=object, bucket=bucket, expires_in=expires_in, at=NOW)


def upload_token(ada: User, *, upsert: bool = False) -> tuple[str, str]:
    bucket, name = make_bucket(), f"{ada.id}/new"
    with acting_as(ada):
        place = objects.place_for(bucket_id="docs", name=name, upsert=upsert)
    return name, signing.sign_upload(place=place, bucket=bucket, at=NOW)


def refusal(token: str, *, name: str, scope: signing.Scope = "download", bucket: str = "docs", at=NOW) -> str:
    with pytest.raises(signing.SignatureRefused) as caught:
        signing.read(token, scope=scope, bucket_id=bucket, name=name, at=at)
    return caught.value.data["reason"]


def test_a_token_opens_the_version_it_was_made_for_until_its_time(ada):
    name, token = download_token(ada)
    with acting_as(ada):
        first = objects.find(bucket_id="docs", name=name).version_id
    put(name, b"second", by=ada, upsert=True)
    almost = NOW + timedelta(seconds=59)
    signed = signing.read(token, scope="download", bucket_id="docs", name=name, at=almost)
    assert (signed.version_id, signed.expires_at) == (first, NOW + timedelta(seconds=60))
    assert refusal(token, name=name, at=NOW + timedelta(seconds=60)) == "expired"


def test_a_token_opens_nothing_else_and_for_nothing_else(ada):
    name, token = download_token(ada)
    put(f"{ada.id}/two", by=ada)
    make_bucket("other")
    assert refusal(token, name=f"{ada.id}/two") == "other address"
    assert refusal(token, name=name, bucket="other") == "other address"
    assert refusal(token, name=name, scope="upload") == "not for upload"


def test_a_token_to_upload_is_none_to_download(ada):
    name, token = upload_token(ada)
    signed = signing.read(token, scope="upload", bucket_id="docs", name=name, at=NOW)
    assert (signed.owner_id, signed.upsert, signed.version_id) == (ada.id, False, None)
    place = signing.place_of(signed)
    assert (place.owner_id, place.name) == (ada.id, name)
    put(name, by=ada)
    with pytest.raises(objects.ObjectExists):
        signing.place_of(signed)
    assert refusal(token, name=name) == "not for download"
    assert refusal(token, name=name, scope="upload", at=NOW + signing.UPLOAD_LIFE) == "expired"


@pytest.mark.parametrize("ends", ["close", "rotate", "move", "remove", "bucket"])
def test_an_address_ends_with_its_file_its_bucket_or_the_epoch(ada, ends):
    name, token = download_token(ada, public=True)
    make_bucket("other")
    with acting_as_service():
        if ends == "close":
            buckets.change(id="docs", public=False, at=NOW)
        if ends == "rotate":
            buckets.end_signed_addresses(id="docs")
        if ends == "move":
            objects.move(bucket_id="docs", name=name, to_bucket_id="other", to_name=name, at=NOW)
        if ends in ("remove", "bucket"):
            objects.remove(bucket_id="docs", names=[name], at=NOW)
        if ends == "bucket":
            buckets.delete(id="docs")
    assert refusal(token, name=name) == "ended"


def test_a_token_to_upload_ends_with_the_epoch(ada):
    name, token = upload_token(ada)
    with acting_as_service():
        buckets.end_signed_addresses(id="docs")
    assert refusal(token, name=name, scope="upload") == "ended"


def test_a_file_that_took_a_name_is_not_opened_by_the_address_of_the_one_before(ada):
    name, token = download_token(ada)
    with acting_as(ada):
        objects.remove(bucket_id="docs", names=[name], at=NOW)
    put(name, b"another secret", by=ada)
    assert refusal(token, name=name) == "ended"


def test_what_others_signed_is_refused(ada):
    name, token = download_token(ada)
    claims = jwt.decode(token, options={"verify_signature": False})
    with_our_secret = jwt.encode(claims, settings.JWT_SECRET, algorithm="HS256")
    unsigned = jwt.encode(claims, None, algorithm="none")
    head, _payload, tail = token.split(".")
    payload = jwt.encode({**claims, "exp": 9_999_999_999}, "x" * 32, algorithm="HS256").split(".")[1]
    for forged in (with_our_secret, unsigned, f"{head}.{payload}.{tail}", access_tokens.static_key("anon")):
        assert refusal(forged, name=name) == "forged"
    for malformed in ("", "x", "a.b"):
        assert refusal(malformed, name=name) == "malformed"
    with pytest.raises(BearerRefused):
        actor_of_bearer(token)


def test_no_address_lives_longer_than_ten_years(ada):
    name, token = download_token(ada, expires_in=10**9)
    later = NOW + signing.LONGEST_LIFE
    assert refusal(token, name=name, at=later) == "expired"
