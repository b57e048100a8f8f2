"""The files pages without scripts: one's own files, and nobody else's."""

import json
import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import make_person, sign_in
from core.actors import acting_as, acting_as_service
from storage_app import blobs
from storage_app.models import DoomedBlob, Object, ObjectVersion
from storage_app.names import file_name_of
from storage_app.services import buckets, documents, house, objects, removal, signing
from storage_app.services.access import ObjectNotFound
from storage_app.tests.factories import bytes_of, written
from storage_app.tests.pictures import opened, photograph, picture

pytestmark = pytest.mark.usefixtures("transactional_db", "files")
NOW = timezone.now()


@pytest.fixture
def ada() -> User:
    return make_person(email="ada@alajo.test")


@pytest.fixture
def bola() -> User:
    return make_person(email="bola@alajo.test")


def browser_of(user: User) -> Client:
    client = Client()
    sign_in(client, user)
    return client


def upload(client: Client, name: str, content: bytes, *, to: str = "/files/", field: str = "file") -> Any:
    return client.post(to, {field: SimpleUploadedFile(name, content)})


def keep(user: User, name: str = "notes.txt", content: bytes = b"first") -> Object:
    return documents.add(
        owner=user, title=name, content_type="text/plain", source=[content], size=len(content), at=NOW
    )


def words(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


@pytest.mark.parametrize("field", ["file", "photo"])
def test_a_file_comes_by_a_plain_form_and_is_on_the_page(ada, field):
    client = browser_of(ada)
    assert "Nothing here yet" in words(client.get("/files/"))
    answer = upload(client, "Rent receipt.txt", b"paid", field=field)
    assert answer.status_code == 302
    page = client.get("/files/")
    assert "Rent receipt.txt is with your files." in words(page) and "4 bytes of 2.0 GB used" in words(
        page
    ).replace("\xa0", " ")
    with acting_as_service():
        found = Object.objects.select_related("version").get()
    assert (found.bucket_id, found.name, found.owner_id) == (
        "documents",
        f"{ada.id}/Rent receipt.txt",
        ada.id,
    )
    assert bytes_of(found) == b"paid"


def test_a_name_that_no_file_may_have_is_kept_for_its_owner_to_see(ada):
    client = browser_of(ada)
    upload(client, "Ọjọ́ìbí <mi>.txt", b"1")
    upload(client, "Ọjọ́ìbí <mi>.txt", b"2")
    with acting_as_service():
        names = list(Object.objects.order_by("pk").values_list("name", flat=True))
    assert names == [f"{ada.id}/Ojoibi -mi.txt", f"{ada.id}/Ojoibi -mi (2).txt"]
    assert "Ọjọ́ìbí &lt;mi&gt;.txt" in client.get("/files/").content.decode()


@pytest.mark.parametrize(
    ("wished", "name"),
    [
        ("letter.pdf", "letter.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\papers\\tax.xlsx", "tax.xlsx"),
        (".htaccess", "file.htaccess"),
        ("契約.pdf", "file.pdf"),
        ("..", "file"),
        ("", "file"),
        ("no ending", "no ending"),
        ("a\nb\x00c.txt", "a-b-c.txt"),
        ("x" * 300 + ".txt", "x" * 120 + ".txt"),
        ("a.b/c.d", "c.d"),
        ("a.exe ", "a.exe"),
    ],
    ids=ascii,
)
def test_any_name_becomes_one_that_a_file_may_have(wished, name):
    assert file_name_of(wished) == name


def test_a_form_without_a_file_says_so(ada):
    answer = browser_of(ada).post("/files/", {})
    assert answer.status_code == 422 and "Choose a file first." in words(answer)
    empty = upload(browser_of(ada), "a.txt", b"")
    assert empty.status_code == 422


def test_what_is_too_large_for_a_form_never_reaches_the_disk(ada, settings):
    settings.FORM_FILE_LIMIT = 100_000
    answer = upload(browser_of(ada), "a.bin", bytes(300_000))
    assert answer.status_code == 422 and "too large for a form" in words(answer)
    with acting_as_service():
        assert not Object.objects.exists()
    assert upload(browser_of(ada), "a.bin", bytes(90_000)).status_code == 302


def test_what_the_bucket_refuses_is_told_and_leaves_nothing(ada):
    house.bucket("documents", at=NOW)
    with acting_as_service():
        buckets.change(id="documents", at=NOW, quota_bytes=10)
    answer = upload(browser_of(ada), "a.txt", b"more than ten bytes")
    assert answer.status_code == 422 and "no room left" in words(answer)
    removal.remove_doomed(at=timezone.now() + timedelta(hours=1))
    assert list(blobs.keys()) == []


def test_nobody_comes_to_the_files_without_signing_in():
    for address in ("/files/", f"/files/{uuid4()}/", f"/files/{uuid4()}/preview/", "/profile/"):
        assert Client().get(address).status_code == 302
    assert Client().post("/files/upload-right/", {"name": "a", "size": 1}).status_code == 302


def test_another_persons_file_is_not_there_by_any_address(ada, bola):
    found = keep(ada)
    client = browser_of(bola)
    for path in ("", "preview/", "download/"):
        assert client.get(f"/files/{found.pk}/{path}").status_code == 404
    version = found.version_id
    for path in ("delete/", "upload-right/", f"versions/{version}/restore/"):
        answer = client.post(f"/files/{found.pk}/{path}", {"name": "a", "size": 1})
        assert answer.status_code in (404, 422) and b'"token"' not in answer.content
    assert upload(client, "a.txt", b"mine now", to=f"/files/{found.pk}/").status_code == 404
    assert client.post("/files/", {"uploaded": found.name}).status_code == 422
    with acting_as_service():
        assert bytes_of(Object.objects.select_related("version").get()) == b"first"


def test_replaced_and_restored(ada):
    client, found = browser_of(ada), keep(ada)
    assert upload(client, "other.txt", b"second", to=f"/files/{found.pk}/").status_code == 302
    page = client.get(f"/files/{found.pk}/")
    assert "What it held" in words(page)
    assert client.post(f"/files/{found.pk}/versions/{found.version_id}/restore/").status_code == 302
    with acting_as(ada):
        now = documents.own_file(owner_id=ada.id, id=found.pk)
    assert bytes_of(now) == b"first" and documents.title_of(now) == "notes.txt"
    assert client.post(f"/files/{found.pk}/versions/{uuid4()}/restore/").status_code == 404


def test_deleted_with_all_it_held(ada):
    client, found = browser_of(ada), keep(ada)
    assert client.get(f"/files/{found.pk}/delete/").status_code == 405
    assert client.post(f"/files/{found.pk}/delete/").status_code == 302
    assert "notes.txt was deleted." in words(client.get("/files/"))
    with acting_as_service():
        assert not ObjectVersion.objects.exists() and DoomedBlob.objects.count() == 1


def test_a_download_leads_to_an_address_signed_for_this_version_and_a_few_minutes(ada):
    found = keep(ada, "My notes (1).txt")
    answer = browser_of(ada).get(f"/files/{found.pk}/download/")
    address = answer["Location"]
    assert address.startswith(f"/storage/v1/object/sign/documents/{ada.id}/My%20notes%20%281%29.txt?token=")
    token = re.search(r"token=([^&]+)", address)[1]
    facts = {"scope": "download", "bucket_id": "documents", "name": found.name}
    assert signing.read(token, at=timezone.now(), **facts).version_id == found.version_id
    with pytest.raises(signing.SignatureRefused):
        signing.read(token, at=timezone.now() + timedelta(minutes=6), **facts)


def test_a_preview_is_small_and_tells_no_place(ada):
    client = browser_of(ada)
    upload(client, "beach.jpg", photograph((3000, 2000)))
    with acting_as_service():
        found = Object.objects.get()
    assert "preview/" in client.get(f"/files/{found.pk}/").content.decode()
    answer = client.get(f"/files/{found.pk}/preview/")
    assert answer["Content-Type"] == "image/webp" and "private" in answer["Cache-Control"]
    assert opened(answer.content).size == (960, 640) and not opened(answer.content).getexif()


def test_what_is_no_picture_has_no_preview(ada):
    client, found = browser_of(ada), keep(ada)
    assert "preview/" not in client.get(f"/files/{found.pk}/").content.decode()
    assert client.get(f"/files/{found.pk}/preview/").status_code == 404
    upload(client, "broken.png", picture()[:40])
    with acting_as_service():
        broken = Object.objects.order_by("-pk").first()
    assert client.get(f"/files/{broken.pk}/preview/").status_code == 404


def test_the_list_goes_on_at_where_the_page_ended(ada, monkeypatch):
    monkeypatch.setattr("storage_app.views.PAGE", 2)
    for number in range(5):
        keep(ada, f"{number}.txt")
    client, seen, address = browser_of(ada), [], "/files/"
    while address:
        page = client.get(address).content.decode()
        seen.append(re.findall(r'row__title" href="[^"]+">([^<]+)<', page))
        older = re.search(r'href="(\?before=[^"]+)"', page)
        address = f"/files/{older[1]}" if older else ""
    assert seen == [["4.txt", "3.txt"], ["2.txt", "1.txt"], ["0.txt"]]
    assert client.get("/files/?before=nonsense").status_code == 200


def right_of(client: Client, address: str, **facts: Any) -> Any:
    return client.post(address, {"name": "big.bin", "size": 10, "type": "", **facts})


def test_the_page_gets_the_right_to_send_one_file_in_parts(ada):
    client = browser_of(ada)
    answer = right_of(client, "/files/upload-right/")
    right = json.loads(answer.content)
    assert answer["Cache-Control"] == "no-store"
    assert (right["bucket"], right["name"]) == ("documents", f"{ada.id}/big.bin")
    facts = {"bucket_id": right["bucket"], "name": right["name"], "at": timezone.now()}
    signed = signing.read(right["token"], scope="upload", **facts)
    assert signed.owner_id == ada.id and not signed.upsert
    objects.put(
        place=signing.place_of(signed), written=written(b"in parts"), content_type="", at=timezone.now()
    )
    assert client.post("/files/", {"uploaded": right["name"]}).status_code == 302
    assert "big.bin is with your files." in words(client.get("/files/"))


def test_a_right_is_not_given_to_who_may_not_or_for_too_much(ada):
    client = browser_of(ada)
    assert right_of(client, "/files/upload-right/", size=0).status_code == 422
    too_large = right_of(client, "/files/upload-right/", size=6_000_000_000)
    assert too_large.status_code == 422 and "maximum" in json.loads(too_large.content)["message"]
    not_a_picture = right_of(client, "/profile/picture/upload-right/", type="application/pdf")
    assert not_a_picture.status_code == 422
    with_checks = Client(enforce_csrf_checks=True)
    sign_in(with_checks, ada)
    assert right_of(with_checks, "/files/upload-right/").status_code == 403
    assert client.get("/files/upload-right/").status_code == 405


def test_a_right_to_replace_is_for_that_file_alone(ada):
    found = keep(ada)
    right = json.loads(right_of(browser_of(ada), f"/files/{found.pk}/upload-right/").content)
    assert right["name"] == found.name
    facts = {"bucket_id": "documents", "at": timezone.now(), "scope": "upload"}
    assert signing.read(right["token"], name=found.name, **facts).upsert
    with pytest.raises(signing.SignatureRefused):
        signing.read(right["token"], name=f"{ada.id}/other", **facts)


def test_pictures_that_wait_for_their_page_are_nobodys_to_read_and_forgotten_after_a_day(ada, bola):
    right = documents.right_to_send(owner=ada, content_type="image/png", size=10, at=NOW)
    signed = signing.read(right.token, scope="upload", bucket_id="incoming", name=right.name, at=NOW)
    objects.put(place=signing.place_of(signed), written=written(picture()), content_type="image/png", at=NOW)
    for person in (ada, bola):
        with acting_as(person), pytest.raises(Exception, match="not found"):
            objects.find(bucket_id="incoming", name=right.name)
    with pytest.raises(ObjectNotFound):
        documents.sent(owner=bola, name=right.name)
    assert documents.sent(owner=ada, name=right.name)
    assert documents.forget_sent_before(moment=NOW, at=NOW) == 0
    assert documents.forget_sent_before(moment=NOW + timedelta(seconds=1), at=NOW) == 1
