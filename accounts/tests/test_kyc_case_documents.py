"""Pictures of documents: who sees them, that their name is in them, and that the file itself is another matter."""

import hashlib
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import kyc_case, kyc_document_views
from accounts.models import AuditEvent, KycApplication, KycDocument
from accounts.services.kyc import queue
from accounts.tests.kyc_cases import at_desk, case_page, claimed, make_application, make_document
from core.actors import acting_as_service
from storage_app.models import ObjectVersion
from storage_app.services import objects
from storage_app.tests.factories import make_bucket, written
from storage_app.tests.pictures import opened, photograph

pytestmark = pytest.mark.usefixtures("transactional_db")
PICTURE = photograph((900, 600))


@pytest.fixture(autouse=True)
def bucket(transactional_db) -> None:
    make_bucket("kyc")


def sent(application: KycApplication, content: bytes = PICTURE, **facts: object) -> KycDocument:
    """A document whose bytes are there."""
    digest = hashlib.sha256(content).hexdigest()
    document = make_document(application, sha256=digest, **facts)
    with acting_as_service():
        place = objects.place_for(bucket_id="kyc", name=document.object_name, upsert=False)
        objects.put(place=place, written=written(content), content_type="image/jpeg", at=timezone.now())
    return document


def lines(action: str) -> list[AuditEvent]:
    with acting_as_service():
        return list(AuditEvent.objects.filter(action=action))


def test_who_holds_the_case_sees_the_picture_with_their_name_in_its_pixels_and_it_is_written_down():
    agent, client = at_desk()
    case = make_application()
    document = sent(case)
    claimed(case, agent)
    assert case_page(case, "document", document.pk) in client.get(case_page(case)).content.decode()
    answer = client.get(case_page(case, "document", document.pk))
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert "no-store" in answer["Cache-Control"] and answer["X-Content-Type-Options"] == "nosniff"
    shown, plain = opened(answer.content).convert("RGB"), opened(PICTURE).convert("RGB")
    assert shown.size == plain.size == (900, 600)
    # Red left and blue right, and nowhere without the mark.
    for left, wanted in ((0, (254, 0, 0)), (600, (0, 0, 254))):
        colours = shown.crop((left, 0, left + 300, 600)).getcolors(maxcolors=200_000)
        far = sum(
            many
            for many, found in colours
            if max(abs(a - b) for a, b in zip(found, wanted, strict=True)) > 60
        )
        assert far > 2_000
    assert b"Exif" not in answer.content
    [line] = lines("kyc.document.viewed")
    assert line.actor_id == agent.pk and str(document.pk) in line.data["document"]
    assert line.target_id == str(case.pk)


def test_without_a_claim_or_a_reveal_nobody_sees_it_and_a_reveal_is_one_persons_for_a_while():
    agent, client = at_desk("review_kyc", "reveal_personal")
    _colleague, other = at_desk("review_kyc", name="Other Agent")
    case = make_application()
    document = sent(case)
    address = case_page(case, "document", document.pk)
    assert client.get(address).status_code == 403
    page = client.post(case_page(case, "reveal"), {"reason": "A question of Support"}).content.decode()
    assert f"{address}?open=" in page
    token = kyc_case.open_for(agent, case.pk)
    assert client.get(address, {"open": token}).status_code == 200
    assert other.get(address, {"open": token}).status_code == 403
    assert client.get(address, {"open": token[:-1]}).status_code == 403
    assert not kyc_case.is_open_for(agent, case.pk, token, lasts=timedelta(seconds=-1))
    second = make_application()
    theirs = sent(second)
    assert client.get(case_page(second, "document", theirs.pk), {"open": token}).status_code == 403
    assert len(lines("kyc.document.viewed")) == 1


def test_a_lease_that_ran_out_closes_the_pictures():
    agent, client = at_desk()
    case = make_application()
    document = sent(case)
    claimed(case, agent, timezone.now() - 2 * queue.LEASE)
    assert client.get(case_page(case, "document", document.pk)).status_code == 403


def test_the_file_as_it_was_sent_takes_a_right_of_its_own():
    agent, client = at_desk()
    case = make_application()
    document = sent(case)
    claimed(case, agent)
    address = case_page(case, "original", document.pk)
    assert client.get(address).status_code == 403
    assert address not in client.get(case_page(case)).content.decode()
    officer, allowed = at_desk("approve_kyc", "download_kycdocument", name="Compliance Officer")
    assert address in allowed.get(case_page(case)).content.decode()
    answer = allowed.get(address)
    assert b"".join(answer.streaming_content) == PICTURE
    assert answer["Content-Disposition"].startswith('attachment; filename="passport-front-')
    [line] = lines("kyc.document.downloaded")
    assert line.actor_id == officer.pk


def test_bytes_that_are_not_those_that_were_reviewed_are_not_shown():
    agent, client = at_desk("review_kyc", "download_kycdocument")
    case = make_application()
    claimed(case, agent)
    held_back, swapped, no_picture = (
        sent(case),
        sent(case, side="BACK"),
        sent(case, b"not a picture", kind="SELFIE"),
    )
    with acting_as_service():
        name = held_back.object_name
        ObjectVersion.objects.filter(object__name=name).update(scan=ObjectVersion.Scan.INFECTED)
        ObjectVersion.objects.filter(object__name=swapped.object_name).update(sha256="0" * 64)
    for document in (held_back, swapped):
        assert client.get(case_page(case, "document", document.pk)).status_code == 404
        assert client.get(case_page(case, "original", document.pk)).status_code == 404
    assert client.get(case_page(case, "document", no_picture.pk)).status_code == 404


def test_what_its_owner_deleted_is_gone_for_staff_too():
    agent, client = at_desk()
    case = make_application()
    document = sent(case)
    claimed(case, agent)
    with acting_as_service():
        KycDocument.objects.filter(pk=document.pk).update(state="DELETED")
    assert client.get(case_page(case, "document", document.pk)).status_code == 404


def test_the_mark_names_who_looks_in_letters_that_every_font_has():
    agent, _client = at_desk(name="Ọlá Adébáyọ̀")
    with acting_as_service():
        mark = kyc_document_views.mark_of(agent, timezone.now())
    assert mark.isascii() and mark.startswith("Ola Adebayo") and agent.pk.hex[-8:] in mark
