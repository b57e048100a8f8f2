"""Who may do what on a case, deed by deed, and that nobody does it by a link."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts import factors
from accounts.models import KycApplication
from accounts.tests.factories import make_person, sign_in
from accounts.tests.kyc_cases import (
    VIEWS,
    case_page,
    claimed,
    make_application,
    make_document,
    make_reviewer,
    now,
)
from accounts.tests.staff import at_work
from core.ids import uuid7

pytestmark = pytest.mark.usefixtures("transactional_db")
READS, FIRST, SECOND = VIEWS, "review_kyc", "approve_kyc"
# Of each deed: those of these who may do it.
WHO = {
    "sees states": ("view_kycapplication",),
    "reads": READS,
    "reads and reveals": (*READS, "reveal_personal"),
    "reviews": (*READS, FIRST),
    "approves": (*READS, SECOND),
    "reviews and settles hits": (*READS, FIRST, "decide_screening"),
    "reviews unseen": (FIRST,),
    "downloads": (*READS, "download_kycdocument"),
}
WORK = {"reviews", "approves", "reviews and settles hits"}
DEEDS = {
    "next": WORK,
    "claim": WORK,
    "release": WORK,
    "note": WORK,
    "hit": {"reviews and settles hits"},
    "numbers": {"reads and reveals"},
    "decide": WORK,
}


def client_with(*rights: str) -> Client:
    agent = make_reviewer(*rights)
    factors.enrol_totp(user=agent)
    return at_work(agent)


def address_of(deed: str, case: KycApplication) -> str:
    if deed == "next":
        return reverse("admin:accounts_kycapplication_next")
    return case_page(case, deed, *(["approve"] if deed == "decide" else []))


@pytest.mark.parametrize("who", WHO)
def test_every_deed_takes_its_rights(who):
    case = make_application()
    sent = make_document(case)
    client, wrong = client_with(*WHO[who]), []
    for deed, allowed in DEEDS.items():
        data = {"reason": "The matrix asks", "text": "note", "hit": str(uuid7())}
        status = client.post(address_of(deed, case), data).status_code
        if (status != 403) != (who in allowed):
            wrong.append((deed, status))
    # Without a claim or a reveal nobody sees a picture, and of the file itself there is none here.
    assert client.get(case_page(case, "document", sent.pk)).status_code in (403, 404)
    download = client.get(case_page(case, "original", sent.pk)).status_code
    assert (download == 404) == (who == "downloads")
    assert wrong == []


def test_a_deed_is_no_link():
    case = make_application()
    client = client_with(*READS, FIRST)
    for deed in ("next", "claim", "release", "note", "hit"):
        assert client.get(address_of(deed, case)).status_code == 403
    assert now(case).state == "SUBMITTED"


def test_customers_and_strangers_do_not_come_in():
    case = make_application()
    sent = make_document(case)
    customer = Client()
    sign_in(customer, make_person())
    for client in (Client(), customer):
        for address in (
            case_page(case),
            case_page(case, "document", sent.pk),
            case_page(case, "original", sent.pk),
            case_page(case, "decide", "approve"),
            case_page(case, "numbers"),
        ):
            assert client.get(address).status_code in (302, 403)


def test_staff_without_the_second_factor_see_no_picture():
    case = make_application()
    sent = make_document(case)
    agent = make_reviewer(*READS, FIRST)
    claimed(case, agent)
    client = Client()
    sign_in(client, agent)
    assert client.get(case_page(case, "document", sent.pk)).status_code == 302


def test_what_is_not_there_is_not_found():
    case, other = make_application(), make_application()
    sent = make_document(other)
    client = client_with(*READS, FIRST, "download_kycdocument")
    assert client.get(case_page(case, "document", sent.pk)).status_code == 404
    assert client.get(case_page(case, "original", sent.pk)).status_code == 404
    assert client.get(reverse("admin:accounts_kycapplication_change", args=[uuid7()])).status_code == 404
    assert client.post(reverse("admin:accounts_kycapplication_claim", args=[uuid7()])).status_code == 404
    assert client.get(case_page(case, "decide", "nonsense")).status_code == 404
