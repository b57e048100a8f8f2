"""The picture of a payment link: made anew, seen by whoever pays, chosen by members and nobody else."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.services.organizations import OrganizationNotFound
from accounts.tests.factories import make_person
from core.actors import acting_as_anon, acting_as_service
from storage_app.models import DoomedBlob, Object
from storage_app.services import objects
from storage_app.services.pictures import NotAPicture
from storage_app.tests.conftest import files  # noqa: F401
from storage_app.tests.factories import bytes_of
from storage_app.tests.pictures import MAKER, bomb, opened, photograph, picture
from wallet.models import PaymentLink
from wallet.services.merchants import pictures
from wallet.tests.pages import browser_of
from wallet.tests.selling import key_of, make_link, make_merchant, told

pytestmark = pytest.mark.usefixtures("transactional_db", "files")


@pytest.fixture
def link(bola: User) -> PaymentLink:
    return make_link(make_merchant(bola))


def place(link: PaymentLink, page: str = "picture/") -> str:
    return f"/organizations/{link.merchant.organization.slug}/payments/links/{link.pk}/{page}"


def choose(browser: Client, link: PaymentLink, content: bytes) -> object:
    return browser.post(place(link), {"file": SimpleUploadedFile("cloth.jpg", content)})


def fresh(link: PaymentLink) -> PaymentLink:
    with acting_as_service():
        return PaymentLink.objects.get(pk=link.pk)


def test_whoever_pays_sees_what_was_made_of_it(link: PaymentLink, bola: User) -> None:
    browser = browser_of(bola)
    assert choose(browser, link, photograph((1600, 900), orientation=6)).status_code == 302
    chosen = fresh(link)
    with acting_as_anon():
        found = objects.find(bucket_id="payment-links", name=chosen.picture)
    content = bytes_of(found)
    made = opened(content)
    assert (made.format, max(made.size)) == ("WEBP", 1200) and made.height > made.width
    assert not made.getexif() and MAKER.encode() not in content
    assert found.owner_id is None
    for page in (Client().get(f"/pay/{link.slug}/"), browser.get(place(link, ""))):
        assert chosen.picture_url in page.content.decode()
    shown = key_of(link.merchant, bola).get("/api/v1/payment-links").json()["data"][0]
    assert shown["picture_url"].endswith(chosen.picture_url)
    assert [event for event, _facts in told(link.merchant)].count("payment_link.changed") == 2
    choose(browser, link, picture((100, 100)))
    with acting_as_service():
        assert Object.objects.filter(bucket_id="payment-links").count() == 1
        assert DoomedBlob.objects.count() == 1
    assert browser.post(place(link, "picture/remove/")).status_code == 302
    assert (
        fresh(link).picture_url == ""
        and "pay__picture" not in Client().get(f"/pay/{link.slug}/").content.decode()
    )


def test_what_is_no_picture_is_refused_and_the_one_there_stays(link: PaymentLink, bola: User) -> None:
    browser = browser_of(bola)
    choose(browser, link, picture())
    before = fresh(link).picture
    for content in (b"no picture", bomb(), b"<svg onload='alert(1)'/>"):
        answer = choose(browser, link, content)
        assert answer.status_code == 422 and "field__error" in answer.content.decode()
    assert fresh(link).picture == before
    with pytest.raises(NotAPicture):
        pictures.choose(link=link, by=bola, source=[b""], at=timezone.now())


def test_another_organisations_member_changes_nothing(link: PaymentLink, ada: User) -> None:
    make_merchant(ada, name="Ada Foods")
    browser = browser_of(ada)
    assert choose(browser, link, picture()).status_code == 404
    assert browser.post(place(link, "picture/remove/")).status_code == 404
    for stranger in (ada, make_person(name="Kemi Ade")):
        with pytest.raises(OrganizationNotFound):
            pictures.choose(link=link, by=stranger, source=[picture()], at=timezone.now())
    with acting_as_service():
        assert not Object.objects.filter(bucket_id="payment-links").exists()
    assert fresh(link).picture == ""
