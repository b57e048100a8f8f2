"""Reading and signing in a browser: screen, paper and offer say the same; lenders check, sign or say why not."""

from io import BytesIO

import pytest
from django.test import Client
from django.utils import timezone
from pypdf import PdfReader

from accounts.models import User
from accounts.tests.factories import make_person, prove_factor
from core.actors import acting_as_service
from core.templatetags.money import money
from credit.consents import CURRENT
from credit.contract_tasks import disburse_loan
from credit.models import AdverseAction, Application, Consent, Contract, Disbursement, FileView
from credit.services import signing
from credit.services.agreement_drawing import agreement_pdf
from credit.services.checking import provider_fail_check
from credit.services.signing import is_searched
from credit.states import State
from credit.tests.agreed import accepted, search, state_of
from credit.tests.test_disbursing import wallet_of
from credit.tests.test_signing import told
from credit.tests.world import DAY
from wallet.models import Document
from wallet.tests.pages import browser_of, text

pytestmark = pytest.mark.django_db
SEARCH = CURRENT[Consent.Kind.HARD_SEARCH].sha256


def signed_in(user: User) -> Client:
    browser = browser_of(user)
    prove_factor(user)
    return browser


def at(made: Contract, page: str) -> str:
    return f"/borrow/applications/{made.application_id}/{page}"


def desk(made: Contract, page: str = "") -> str:
    with acting_as_service():
        share = made.shares.select_related("provider__organization").get()
        return f"/organizations/{share.provider.organization.slug}/lending/signing/{made.pk}/{page}"


def test_screen_paper_and_offer_say_the_same() -> None:
    ada = make_person(name="Ada Obi")
    made = accepted(ada, [make_person()], at=timezone.now(), consents=False, searched=False)
    browser = signed_in(ada)
    page = text(browser.get(at(made, "sign/")))
    drawn = browser.get(at(made, "agreement.pdf"))
    with acting_as_service():
        document = Document.objects.get(kind="LOAN_AGREEMENT")
        told_facts = document.facts
    assert (document.sha256, document.subject_id) == (made.sha256, made.pk)
    paper = " ".join("".join(page.extract_text() for page in PdfReader(BytesIO(drawn.content)).pages).split())
    figures = [made.amount, made.received, made.fees, made.total_payable, told_facts["interest"]]
    for amount in figures:
        assert money(amount, "NGN") in page
        assert money(amount, "NGN") in paper
    for words in (f"{told_facts['apr']}%", "FCCPC/DL/2026/014", made.sha256, told_facts["number"], "Ada Obi"):
        assert words in paper
    for words in (f"{told_facts['apr']}%", "FCCPC/DL/2026/014", made.sha256, "help@lender.example"):
        assert words in page
    assert told_facts["rows"][-1][5] == 0
    for _number, due, _interest, _principal, paid, _left in told_facts["rows"]:
        assert money(paid, "NGN") in page
        assert f"{paid // 100:,}.{paid % 100:02}" in paper
        assert due[:4] in page
    # The same bytes each time, also when the lender's details have changed since.
    with acting_as_service():
        made.shares.get().provider.__class__.objects.update(licence_number="OTHER")
    assert browser.get(at(made, "agreement.pdf")).content == drawn.content == agreement_pdf(document)
    stranger = signed_in(make_person())
    for name in ("sign/", "agreement.pdf", "cancel/"):
        assert stranger.get(at(made, name)).status_code == 404


def test_from_reading_to_money_in_the_wallet_and_back() -> None:
    ada, owner = make_person(), make_person()
    made = accepted(ada, [owner], at=timezone.now(), consents=False, searched=False)
    browser, lends = signed_in(ada), signed_in(owner)
    assert "The borrower has not signed yet" in text(lends.get(desk(made)))
    for typed, wanted in (({}, "Say that you have read"), ({"read": "1"}, "Agree to the full credit search")):
        answer = browser.post(at(made, "sign/"), {"sha256": made.sha256, **typed})
        assert answer.status_code == 422
        assert wanted in text(answer)
    typed = {"read": "1", "searches": SEARCH}
    assert browser.post(at(made, "sign/"), {**typed, "sha256": "f" * 64}).status_code == 409
    with acting_as_service():
        assert not Consent.objects.filter(
            kind="HARD_SEARCH"
        ).exists()  # nothing is agreed to unless it is signed
    assert browser.post(at(made, "sign/"), {**typed, "sha256": made.sha256}).status_code == 302
    for place in ("sign/", ""):
        assert "The lender makes its last check" in text(browser.get(at(made, place)))
    assert "Read and sign" not in text(browser.get(at(made, "")))
    with acting_as_service():
        assert Consent.objects.get(kind="HARD_SEARCH").sha256 == SEARCH
        assert not is_searched(made)
        search(made.application, timezone.now())
    page = text(lends.get(desk(made)))
    assert "The full search" in page
    assert "Sign and lend ₦100,000.00" in page
    assert lends.post(desk(made), {"sha256": made.sha256}).status_code == 302
    assert state_of(made) == State.SIGNED
    with acting_as_service():
        assert FileView.objects.count() == 2
        key = Disbursement.objects.get().share.contract.application_id
    disburse_loan(application_id=str(key))
    assert wallet_of(ada).balance == made.received
    assert "You can still change your mind" in text(browser.get(at(made, "sign/")))
    assert "Give back ₦99,000.00" in text(browser.get(at(made, "cancel/")))
    assert browser.post(at(made, "cancel/")).status_code == 302
    assert state_of(made) == State.CANCELLED
    assert wallet_of(ada).balance == 0
    assert "This agreement has ended" in text(browser.get(at(made, "sign/")))


def test_a_lender_that_does_not_go_on_says_why_once_open_again_then_declined() -> None:
    ada, owner = make_person(), make_person()
    now = timezone.now()
    made = accepted(ada, [owner], at=now)
    lends, stranger = signed_in(owner), signed_in(make_person())
    assert stranger.get(desk(made)).status_code == 404
    assert stranger.post(desk(made, "refuse/"), {"reasons": ["INCOME"]}).status_code == 404
    assert lends.post(desk(made, "refuse/"), {}).status_code == 422
    assert lends.post(desk(made, "refuse/"), {"reasons": ["OTHER"], "words": "no"}).status_code == 422
    answer = lends.post(desk(made, "refuse/"), {"reasons": ["INCOME", "DEBTS"]})
    assert answer.status_code == 302
    with acting_as_service():
        asked = Application.objects.get()
        assert (asked.state, asked.listings, asked.sign_by) == (State.LISTED, 2, None)
        assert asked.deadline is not None
        assert asked.deadline > now + 6 * DAY
        ended = Contract.objects.get()
        assert ended.end_reason.startswith("Your income could not be confirmed; The full credit search shows")
        assert not AdverseAction.objects.exists()
    assert told(ada) == ["loan.check_failed"]
    again = accepted(ada, [make_person()], at=now, changes={"listings": 2})
    with acting_as_service():
        other = again.shares.select_related("provider__organization").get()
    provider_fail_check(
        application_id=again.application_id,
        provider_id=other.provider_id,
        by=None,
        reasons=["OTHER", "LATE"],
        words="The shop could not be visited.",
        at=now,
    )
    assert state_of(again) == State.DECLINED
    with acting_as_service():
        action = AdverseAction.objects.get()
        assert action.kind == "LENDER"
        assert action.reasons == [
            "The full credit search shows payments that are late or were missed",
            "The shop could not be visited.",
        ]


def test_what_waits_for_a_lender_stands_in_its_list_what_it_can_sign_first() -> None:
    ada, owner = make_person(), make_person()
    now = timezone.now()
    made = accepted(ada, [owner], at=now)
    signing.sign(application_id=made.application_id, user=ada, sha256=made.sha256, at=now)
    listing = desk(made).removesuffix(f"{made.pk}/")
    browser = signed_in(owner)
    page = text(browser.get(listing))
    assert "Your turn" in page and made.number in page
    with acting_as_service():
        assert Contract.objects.get(pk=made.pk).signed_at is None
    browser.post(desk(made), {"sha256": made.sha256})
    assert "Nothing to sign" in text(browser.get(listing))
