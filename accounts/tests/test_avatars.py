"""The picture a person is shown by: made anew of what they sent, and seen by everyone."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEvent, Profile, User
from accounts.services import account_life, avatars, find_recipient
from accounts.tests.factories import make_person, sign_in
from core.actors import acting_as, acting_as_anon, acting_as_service
from storage_app.models import DoomedBlob, Object
from storage_app.services import access, documents, objects, pictures, signing
from storage_app.tests.conftest import files  # noqa: F401
from storage_app.tests.factories import bytes_of, written
from storage_app.tests.pictures import MAKER, bomb, opened, photograph, picture

pytestmark = pytest.mark.usefixtures("transactional_db", "files")
NOW = timezone.now()


@pytest.fixture
def ada() -> User:
    return make_person(email="ada@alajo.test")


@pytest.fixture
def client(ada) -> Client:
    client = Client()
    sign_in(client, ada)
    return client


def choose(client: Client, content: bytes) -> object:
    return client.post("/profile/", {"file": SimpleUploadedFile("me.jpg", content)})


def profile_of(user: User) -> Profile:
    with acting_as_service():
        return Profile.objects.get(pk=user.pk)


def shown(user: User) -> Object:
    """What the world sees at the picture's address."""
    with acting_as_anon():
        return objects.find(bucket_id="avatars", name=profile_of(user).avatar)


def test_a_photograph_becomes_a_square_that_says_nothing_of_where_it_was_taken(ada, client):
    assert choose(client, photograph((800, 600), orientation=6)).status_code == 302
    found = shown(ada)
    content = bytes_of(found)
    result = opened(content)
    assert (result.format, result.size) == ("WEBP", (512, 512))
    assert not result.getexif() and MAKER.encode() not in content
    assert found.version.cache_control == "max-age=31536000, immutable"
    assert str(ada.id) not in found.name and found.owner_id == ada.id


def test_it_is_in_the_menu_on_the_profile_and_where_money_is_sent(ada, client):
    choose(client, picture())
    address = f"/storage/v1/object/public/avatars/{profile_of(ada).avatar}"
    assert client.get("/profile/").content.decode().count(address) == 2
    assert find_recipient(text="ada@alajo.test").avatar_url == address


def test_another_one_has_another_address_and_the_last_is_gone(ada, client):
    choose(client, picture())
    first = profile_of(ada).avatar
    choose(client, picture((100, 100)))
    assert profile_of(ada).avatar != first
    with acting_as_service():
        assert Object.objects.filter(bucket_id="avatars").count() == 1 and DoomedBlob.objects.count() == 1


def test_removed_it_is_gone_for_everyone(ada, client):
    choose(client, picture())
    assert client.post("/profile/picture/remove/").status_code == 302
    assert profile_of(ada).avatar == "" and profile_of(ada).avatar_url == ""
    with acting_as_service():
        assert not Object.objects.filter(bucket_id="avatars").exists()
        deeds = set(
            AuditEvent.objects.filter(target_type="accounts.profile").values_list("action", flat=True)
        )
    assert deeds == {"accounts.profile.picture_chosen", "accounts.profile.picture_removed"}


@pytest.mark.parametrize(
    "content", [b"no picture", bomb(), b"<svg onload='alert(1)'/>"], ids=["text", "bomb", "svg"]
)
def test_what_is_no_picture_is_refused_and_the_one_there_stays(ada, client, content):
    choose(client, picture())
    before = profile_of(ada).avatar
    answer = choose(client, content)
    assert answer.status_code == 422 and "field__error" in answer.content.decode()
    assert profile_of(ada).avatar == before and shown(ada)


def test_nobody_puts_a_picture_there_past_the_service(ada, client):
    choose(client, picture())
    for name in (f"{ada.id}/me.webp", profile_of(ada).avatar):
        with acting_as(ada), pytest.raises(access.NotAllowed):
            objects.place_for(bucket_id="avatars", name=name, upsert=True)
    with acting_as(ada):
        assert objects.remove(bucket_id="avatars", names=[profile_of(ada).avatar], at=NOW) == []


def test_one_that_came_in_parts_is_taken_over_once(ada, client):
    asked = client.post(
        "/profile/picture/upload-right/", {"name": "me.jpg", "size": 900, "type": "image/jpeg"}
    )
    right = json.loads(asked.content)
    signed = signing.read(
        right["token"], scope="upload", bucket_id="incoming", name=right["name"], at=timezone.now()
    )
    objects.put(
        place=signing.place_of(signed), written=written(photograph()), content_type="image/jpeg", at=NOW
    )
    other = Client()
    sign_in(other, make_person(email="bola@alajo.test"))
    assert other.post("/profile/", {"uploaded": right["name"]}).status_code == 422
    assert client.post("/profile/", {"uploaded": right["name"]}).status_code == 302
    assert shown(ada)
    assert client.post("/profile/", {"uploaded": right["name"]}).status_code == 422
    with acting_as_service():
        assert not Object.objects.filter(bucket_id="incoming").exists()


def test_one_that_came_in_parts_and_is_no_picture_is_forgotten(ada, client):
    right = documents.right_to_send(owner=ada, content_type="image/png", size=10, at=NOW)
    signed = signing.read(right.token, scope="upload", bucket_id="incoming", name=right.name, at=NOW)
    place = signing.place_of(signed)
    objects.put(place=place, written=written(picture()[:60]), content_type="image/png", at=NOW)
    with pytest.raises(pictures.NotAPicture):
        avatars.choose_sent(user=ada, name=right.name, at=NOW)
    with acting_as_service():
        assert not Object.objects.filter(bucket_id="incoming").exists()


def test_a_closed_account_shows_no_picture(ada):
    avatars.choose(user=ada, source=[picture()], at=NOW)
    account_life.close_account(user=ada, at=NOW)
    assert profile_of(ada).avatar == ""
    with acting_as_service():
        assert not Object.objects.filter(bucket_id="avatars").exists()


def test_who_has_no_profile_has_no_picture():
    with acting_as_service():
        boss = User.objects.create_superuser("boss@alajo.test", "a-long-enough-secret")
    with pytest.raises(avatars.NotShown):
        avatars.choose(user=boss, source=[picture()], at=NOW)
    avatars.forget(user=boss, at=NOW)
