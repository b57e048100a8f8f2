"""Documents: told by their content, measured, made anew; what is no good leaves nothing behind."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.kyc import pdf
from accounts.models import AuditEvent, KycDocument, User
from accounts.services.kyc import applications, documents, expiring, intake, pace
from accounts.services.kyc.applications import NotEditable
from accounts.services.kyc.documents import AlreadyThere, NoSuchDocument, OtherKindThere
from accounts.services.kyc.intake import (
    DocumentTooLarge,
    DocumentTypeRefused,
    PdfActive,
    PdfBroken,
    PdfLocked,
    PdfTooLong,
    PictureBlurred,
    PictureTooBright,
    PictureTooDark,
    PictureTooSmall,
    PictureWashedOut,
)
from accounts.tests.kyc import BILL, PASSPORT, PDF, SELFIE, Kind, Side, begin, card, fresh, send
from core.actors import acting_as, acting_as_anon, acting_as_service
from core.tests.at_once import at_once
from storage_app import blobs
from storage_app.models import DoomedBlob, Object
from storage_app.services import access, objects
from storage_app.tests.conftest import files  # noqa: F401
from storage_app.tests.factories import bytes_of
from storage_app.tests.pictures import LAGOS, MAKER, bomb, opened

pytestmark = pytest.mark.usefixtures("transactional_db", "files")
NOW = timezone.now()
FRONT, BACK = (Kind.DRIVERS_LICENCE, Side.FRONT), (Kind.DRIVERS_LICENCE, Side.BACK)


@pytest.fixture
def draft(ada):
    return begin(ada, tier=3)


def add(user: User, slot: tuple[str, str] = PASSPORT, content: bytes | None = None) -> KycDocument:
    source = [card() if content is None else content]
    return documents.add_document(user=user, slot=slot, source=source, at=NOW)


def kept() -> list[Object]:
    with acting_as_service():
        return list(Object.objects.select_related("version").filter(bucket_id="kyc"))


def from_phone() -> bytes:
    """As a phone takes it: lying on its side, with the place and the camera in it."""
    from PIL.Image import Exif

    exif = Exif()
    exif[0x0112], exif[0x010F] = 6, MAKER
    exif.get_ifd(0x8825).update(LAGOS)
    return card((1600, 1000), exif=exif, comment=b"at home")


def test_a_picture_is_made_anew_upright_and_without_its_place(ada, draft):
    made = add(ada, content=from_phone())
    (file,) = kept()
    content = bytes_of(file)
    assert opened(content).size == (1000, 1600) == (made.width, made.height)
    assert not opened(content).getexif() and MAKER.encode() not in content and b"at home" not in content
    assert (made.content_type, made.size, made.sha256) == ("image/jpeg", len(content), file.version.sha256)
    assert str(ada.pk) not in file.name and made.object_name == file.name
    assert fresh(draft).revision == 1


def test_a_large_one_is_made_smaller_and_a_webp_a_jpeg(ada, draft):
    made = add(ada, content=card((4000, 3100), kind="WEBP"))
    assert (made.width, made.height, made.content_type) == (3000, 2325, "image/jpeg")


def test_pictures_that_look_alike_have_hashes_that_are_near(ada, draft):
    same, other = add(ada), add(ada, SELFIE, card(kind="PNG", light=0.8))
    assert _apart(same, other) <= 6
    assert _apart(same, add(ada, BILL, card(turned=True))) > 10


def _apart(one: KycDocument, other: KycDocument) -> int:
    assert one.picture_hash is not None and other.picture_hash is not None
    return ((one.picture_hash ^ other.picture_hash) & (2**64 - 1)).bit_count()


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (lambda: card(blur=8), PictureBlurred),
        (lambda: card(light=0.15), PictureTooDark),
        (lambda: card(light=30), PictureTooBright),
        (lambda: card(contrast=0.05), PictureWashedOut),
        (lambda: card((640, 400)), PictureTooSmall),
        (lambda: b"no picture at all", DocumentTypeRefused),
        (lambda: b"", DocumentTypeRefused),
        (lambda: b"<svg onload='alert(1)'/>", DocumentTypeRefused),
        (lambda: b"MZ\x90\x00" + card(), DocumentTypeRefused),
        (lambda: card()[:9_000], DocumentTypeRefused),
        (lambda: PDF, DocumentTypeRefused),
        (bomb, DocumentTooLarge),
        (lambda: card() + bytes(15_000_001), DocumentTooLarge),
    ],
    ids=[
        *("blurred", "dark", "bright", "washed out", "small", "text", "nothing", "svg", "program", "half"),
        *("pdf", "bomb", "large"),
    ],
)
def test_what_is_no_good_is_refused_in_words_and_leaves_nothing(ada, draft, files, content, refusal):  # noqa: F811
    with pytest.raises(refusal) as refused:
        add(ada, content=content())
    assert len(str(refused.value)) > 20
    assert kept() == [] and fresh(draft).revision == 0
    with acting_as_service():
        assert not KycDocument.objects.exists()
    assert list(blobs.keys()) == []


def test_what_hides_behind_a_picture_does_not_survive(ada, draft):
    add(ada, content=card() + b"<script>alert(1)</script>PK\x03\x04")
    (file,) = kept()
    assert b"script" not in bytes_of(file) and b"PK\x03\x04" not in bytes_of(file)


def test_a_bill_may_be_a_pdf_that_is_kept_as_it_came(ada, draft):
    made = add(ada, BILL, PDF)
    assert (made.content_type, made.picture_hash, made.quality) == ("application/pdf", None, {"pages": 2})
    assert bytes_of(kept()[0]) == PDF


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (PDF[:-8], PdfBroken),
        (PDF.replace(b"trailer<<>>", b"trailer<</Encrypt 9 0 R>>"), PdfLocked),
        (PDF.replace(b"/Count 2", b"/Count 21"), PdfTooLong),
        (PDF.replace(b"<</Type/Page>>", b"<</Type/Page>>" * 21), PdfTooLong),
        (PDF.replace(b"/Count 2", b"/Count 2/OpenAction<</JS(x)>>"), PdfActive),
        (b"\n" + PDF, DocumentTypeRefused),
        (b"<html>" + PDF, DocumentTypeRefused),
    ],
    ids=["cut off", "locked", "long by count", "long by pages", "active", "late head", "html first"],
)
def test_a_pdf_that_we_cannot_use_is_refused(ada, draft, content, refusal):
    with pytest.raises(refusal):
        add(ada, BILL, content)
    assert kept() == []


def test_the_pages_of_a_pdf_are_counted_as_far_as_they_can_be_seen():
    assert pdf.pages(PDF) == 2 and pdf.pages(b"%PDF-1.7 /Count 7 /Kids[] /Type /Pages") == 7
    assert pdf.pages(b"/Type/Page /Type /Page\n/Type/Pages") == 2


def test_one_kind_of_document_at_a_time_and_each_picture_once(ada, draft):
    front = add(ada, FRONT)
    with pytest.raises(AlreadyThere):
        add(ada, FRONT)
    with pytest.raises(OtherKindThere):
        add(ada, PASSPORT)
    add(ada, BACK, card(seed=3))
    documents.delete_document(user=ada, document_id=front.pk, at=NOW)
    add(ada, FRONT)
    assert len(kept()) == 2


def test_the_same_place_twice_at_once_is_filled_once(ada, draft):
    found = at_once(lambda: add(ada), lambda: add(ada, content=card(seed=2)))
    assert sorted(type(one).__name__ for one in found) == ["AlreadyThere", "KycDocument"]
    with acting_as_service():
        assert DoomedBlob.objects.count() == 1
    assert len(kept()) == 1


def test_replaced_and_deleted_before_anybody_saw_it_its_bytes_are_gone(ada, draft):
    first = add(ada)
    second = documents.replace_document(user=ada, document_id=first.pk, source=[card(seed=2)], at=NOW)
    with acting_as_service():
        first.refresh_from_db()
    assert (first.state, first.replaced_by_id) == ("REPLACED", second.pk)
    assert [file.name for file in kept()] == [second.object_name]
    documents.delete_document(user=ada, document_id=second.pk, at=NOW)
    assert kept() == []
    with pytest.raises(NoSuchDocument):
        documents.delete_document(user=ada, document_id=second.pk, at=NOW)


def test_a_draft_that_ends_takes_its_pictures_with_it_and_one_that_was_sent_keeps_them(ada, bola, draft):
    add(ada)
    expiring.expire_old(at=NOW + timedelta(days=31))
    assert kept() == []
    send(bola, tier=3)
    applications.withdraw(user=bola, at=NOW)
    assert len(kept()) == 3
    with acting_as_service():
        states = KycDocument.objects.order_by("id").values_list("state", flat=True)
        assert [*states] == ["DELETED", "PENDING", "PENDING", "PENDING"]


def test_another_customer_reaches_none_of_it(ada, bola, draft):
    document = add(ada)
    begin(bola, tier=3)
    with pytest.raises(NoSuchDocument):
        documents.delete_document(user=bola, document_id=document.pk, at=NOW)
    with pytest.raises(NoSuchDocument):
        documents.replace_document(user=bola, document_id=document.pk, source=[card()], at=NOW)
    with acting_as(bola):
        assert not KycDocument.objects.visible_to(bola).filter(application=draft).exists()


def test_no_way_past_the_service_leads_into_the_bucket(ada, draft):
    name = add(ada).object_name
    for actor in (acting_as(ada), acting_as_anon()):
        with actor, pytest.raises((access.NotAllowed, access.BucketNotFound, access.ObjectNotFound)):
            objects.find(bucket_id="kyc", name=name)
    with acting_as(ada), pytest.raises((access.NotAllowed, access.BucketNotFound)):
        objects.place_for(bucket_id="kyc", name=f"{ada.pk}/x.jpg", upsert=True)


def test_one_sends_so_many_a_day_whatever_becomes_of_them(ada, draft, monkeypatch):
    monkeypatch.setitem(pace.LIMITS, pace.DOCUMENT_SENT, 2)
    for _turn in range(2):
        with pytest.raises(DocumentTypeRefused):
            add(ada, content=b"no picture")
    with pytest.raises(pace.TooOften):
        add(ada)
    late = timezone.now() + timedelta(days=1, minutes=5)
    assert documents.add_document(user=ada, slot=PASSPORT, source=[card()], at=late)
    with acting_as_service():
        assert AuditEvent.objects.filter(action=pace.DOCUMENT_SENT).count() == 3


def test_for_an_application_that_was_sent_nothing_is_looked_at(ada):
    send(ada)
    with pytest.raises(NotEditable):
        add(ada)
    with pytest.raises(NotEditable):
        documents.right_to_send(user=ada, slot=PASSPORT, content_type="image/jpeg", size=9, at=NOW)
    with acting_as_service():
        assert not AuditEvent.objects.filter(action=pace.DOCUMENT_SENT).exists()


def test_the_right_to_send_says_what_may_come(ada, draft):
    with pytest.raises(DocumentTooLarge):
        documents.right_to_send(user=ada, slot=PASSPORT, content_type="image/jpeg", size=15_000_001, at=NOW)
    with pytest.raises(DocumentTypeRefused):
        documents.right_to_send(user=ada, slot=PASSPORT, content_type="text/html", size=9, at=NOW)


def test_what_a_picture_says_of_itself_is_measured(ada, draft):
    sharp = intake.take(source=[card()], kind=Kind.PASSPORT)
    soft = intake.take(source=[card(blur=1.5)], kind=Kind.PASSPORT)
    assert sharp.quality["sharpness"] > soft.quality["sharpness"] > 35
    assert sharp.quality["taken"] == [1200, 800] and "hash" not in sharp.quality
