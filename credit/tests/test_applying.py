"""Applying: each step kept, what may not be sent and why, consents given and taken back, questions answered."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AuditEvent, Notification, User
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.ids import uuid7
from credit.consents import CURRENT, NEEDED, words_of
from credit.models import Application, Bid, Consent, Question
from credit.refusals import ApplicationNotFound, IdReused, LoanNotFound
from credit.released import ALWAYS, FIELDS, released_file, released_files
from credit.services import applying, consenting
from credit.services.applying import AnotherGoesOn, ApplicationInvalid, TooManyApplications
from credit.services.consenting import ConsentTextChanged
from credit.services.searching import NoConsent, standing_consent
from credit.states import GuardUnmet, StateRefused
from credit.tests.applying import ANSWERS, again, answer, consent, history, ready, started
from credit.tests.world import NAIRA, application, bid, lender, lent, product
from wallet.models import Account
from wallet.tests.factories import make_wallet

pytestmark = pytest.mark.django_db
NOW = timezone.now


def test_an_application_is_answered_step_by_step_sent_once_and_told_of(ada: User) -> None:
    draft = ready(ada)
    kept = again(draft)
    for facts in ANSWERS.values():
        assert {name: getattr(kept, name) for name in facts} | {"released": []} == facts | {"released": []}
    assert kept.released == [*ALWAYS, "income", "score"]
    for _press in range(2):
        assert applying.submit(application_id=draft.pk, user=ada, at=NOW()).state == "SUBMITTED"
    sent = again(draft)
    assert sent.submitted_at == sent.complete_at and sent.submitted_at is not None
    assert history(draft) == [("DRAFT", "SUBMITTED", "borrower")]
    with acting_as_service():
        assert Notification.objects.filter(user=ada, event="loan.submitted").count() == 1
    with pytest.raises(StateRefused):
        applying.save_step(application_id=draft.pk, user=ada, slug="loan", facts=ANSWERS["loan"], at=NOW())


@pytest.mark.parametrize(
    ("slug", "changes", "fields"),
    [
        ("loan", {"amount": 999_99, "count": 61, "purpose": "WAR"}, ["amount", "count", "purpose"]),
        ("loan", {"purpose": "OTHER", "purpose_text": " "}, ["purpose_text"]),
        ("loan", {"purpose_text": "x" * 301}, ["purpose_text"]),
        ("work", {"employment": ""}, ["employment"]),
        ("work", {"employed_since": None}, ["employed_since"]),
        ("work", {"employed_since": date(2999, 1, 1)}, ["employed_since"]),
        ("month", {"income": None, "expenses": -1}, ["expenses", "income"]),
        ("lenders", {"released": ["tribe"]}, ["released"]),
    ],
)
def test_what_may_not_be_answered_is_refused_at_its_field(
    ada: User, slug: str, changes: dict[str, Any], fields: list[str]
) -> None:
    draft = started(ada)
    with pytest.raises(ApplicationInvalid) as refusal:
        facts = {**ANSWERS[slug], **changes}
        applying.save_step(application_id=draft.pk, user=ada, slug=slug, facts=facts, at=NOW())
    assert refusal.value.data["fields"] == fields == sorted(refusal.value.errors)
    assert again(draft).amount is None


def test_what_no_longer_applies_is_not_kept(ada: User) -> None:
    draft = started(ada)
    answer(draft, ada)
    facts = {"employment": "RETIRED", "employed_since": date(2020, 1, 1)}
    applying.save_step(application_id=draft.pk, user=ada, slug="work", facts=facts, at=NOW())
    assert again(draft).employed_since is None


def test_only_an_own_loan_that_is_still_paid_back_can_be_replaced(ada: User) -> None:
    terms, bola = product(lender(make_person())), make_person()
    mine, theirs = lent(ada, terms), lent(bola, terms)
    draft = started(ada)
    facts = {**ANSWERS["loan"], "purpose": "REFINANCE"}
    with pytest.raises(LoanNotFound):
        applying.save_step(
            application_id=draft.pk, user=ada, slug="loan", facts={**facts, "refinances": theirs.pk}, at=NOW()
        )
    applying.save_step(
        application_id=draft.pk, user=ada, slug="loan", facts={**facts, "refinances": mine.pk}, at=NOW()
    )
    assert again(draft).refinances_id == mine.pk
    applying.save_step(application_id=draft.pk, user=ada, slug="loan", facts=ANSWERS["loan"], at=NOW())
    assert again(draft).refinances_id is None


@pytest.mark.parametrize("left_out", ["loan", "work", "month", "lenders"])
def test_an_incomplete_file_is_not_sent(ada: User, left_out: str) -> None:
    make_wallet(ada, tier=3)
    draft = started(ada)
    answer(draft, ada, leaving_out=left_out)
    consent(draft, ada)
    with pytest.raises(GuardUnmet) as refusal:
        applying.submit(application_id=draft.pk, user=ada, at=NOW())
    assert refusal.value.data["unmet"] == ["complete_file"]


@pytest.mark.parametrize("left_out", NEEDED)
def test_nothing_is_sent_without_each_consent_that_is_needed(ada: User, left_out: str) -> None:
    draft = ready(ada)
    consenting.withdraw(application_id=draft.pk, user=ada, kind=left_out, at=NOW())
    with pytest.raises(GuardUnmet) as refusal:
        applying.submit(application_id=draft.pk, user=ada, at=NOW())
    assert refusal.value.data["unmet"] == ["consent"]


@pytest.mark.parametrize(("tier", "naira", "sent"), [(1, 300_001, False), (1, 300_000, True)])
def test_whoever_is_known_too_little_for_the_amount_cannot_send_it(
    ada: User, tier: int, naira: int, sent: bool
) -> None:
    draft = ready(ada, tier=tier)
    facts = {**ANSWERS["loan"], "amount": naira * NAIRA}
    applying.save_step(application_id=draft.pk, user=ada, slug="loan", facts=facts, at=NOW())
    if sent:
        applying.submit(application_id=draft.pk, user=ada, at=NOW())
        return
    with pytest.raises(GuardUnmet) as refusal:
        applying.submit(application_id=draft.pk, user=ada, at=NOW())
    assert refusal.value.data["unmet"] == ["kyc_tier"]


def test_one_application_goes_on_at_a_time_and_three_may_be_open(ada: User) -> None:
    first, second = ready(ada), ready(ada)
    applying.submit(application_id=first.pk, user=ada, at=NOW())
    with pytest.raises(AnotherGoesOn) as refusal:
        applying.submit(application_id=second.pk, user=ada, at=NOW())
    assert refusal.value.data["application"] == str(first.pk)
    started(ada)
    with pytest.raises(TooManyApplications):
        started(ada)
    applying.withdraw(application_id=first.pk, user=ada, at=NOW())
    applying.submit(application_id=second.pk, user=ada, at=NOW())


def test_starting_twice_makes_one_and_never_takes_over_anothers(ada: User, bola: User) -> None:
    chosen = uuid7()
    for amount in (50_000 * NAIRA, 70_000 * NAIRA):
        made = applying.start(application_id=chosen, user=ada, at=NOW(), amount=amount, count=999)
    assert (made.amount, made.count) == (50_000 * NAIRA, None)
    with pytest.raises(IdReused):
        applying.start(application_id=chosen, user=bola, at=NOW())


def test_anothers_application_is_not_found(ada: User, bola: User) -> None:
    draft = ready(ada)
    given: dict[str, Any] = {"application_id": draft.pk, "user": bola, "at": NOW()}
    for act in (
        lambda: applying.save_step(slug="loan", facts=ANSWERS["loan"], **given),
        lambda: applying.submit(**given),
        lambda: applying.withdraw(**given),
        lambda: consenting.give(seen={}, **given),
        lambda: consenting.withdraw(kind="SCORING", **given),
    ):
        with pytest.raises(ApplicationNotFound):
            act()


def test_withdrawing_is_free_until_an_offer_is_accepted(ada: User) -> None:
    for state in ("SUBMITTED", "LISTED", "OFFERED"):
        asked = application(ada, state=state)
        for _press in range(2):
            assert applying.withdraw(application_id=asked.pk, user=ada, at=NOW()).state == "WITHDRAWN"
        assert again(asked).ended_at is not None
    terms = product(lender(make_person(), naira=200_000))
    offered = application(ada)
    offer = bid(offered, terms)
    applying.withdraw(application_id=offered.pk, user=ada, at=NOW())
    with acting_as_service():
        assert Bid.objects.get(pk=offer.pk).state == "LOST"
        assert Account.objects.get(pk=terms.product.provider.account_id).held == 0
    accepted = application(ada, state="ACCEPTED")
    with pytest.raises(StateRefused):
        applying.withdraw(application_id=accepted.pk, user=ada, at=NOW())


def test_a_consent_keeps_the_words_that_were_seen_and_is_given_once(ada: User) -> None:
    draft = started(ada)
    for _press in range(2):
        consent(draft, ada, "SCORING")
    with acting_as_service():
        [given] = Consent.objects.filter(application=draft)
        assert words_of(given) == CURRENT["SCORING"]
        assert AuditEvent.objects.filter(action="credit.consent.given").count() == 1
    with pytest.raises(ConsentTextChanged):
        consenting.give(application_id=draft.pk, user=ada, seen={"SCORING": "0" * 64}, at=NOW())


def test_a_consent_taken_back_hides_the_file_and_stops_searches(ada: User) -> None:
    asked = application(ada)
    consent(asked, ada, "SOFT_SEARCH")
    with acting_as_service():
        assert list(Application.objects.on_the_market()) == [asked]
        standing_consent(asked, "SOFT_SEARCH", at=NOW())
    for kind in ("SHARE_FILE", "SOFT_SEARCH"):
        consenting.withdraw(application_id=asked.pk, user=ada, kind=kind, at=NOW())
    with acting_as_service():
        assert not Application.objects.on_the_market().exists()
        with pytest.raises(NoConsent):
            standing_consent(asked, "SOFT_SEARCH", at=NOW())
    consent(asked, ada, "SHARE_FILE")
    with acting_as_service():
        assert Application.objects.on_the_market().exists()
        with pytest.raises(NoConsent):
            standing_consent(asked, "SHARE_FILE", at=NOW() + timedelta(days=91))


def test_collecting_follows_its_consent(ada: User) -> None:
    draft = started(ada)
    consent(draft, ada, "COLLECTION")
    assert again(draft).collects
    consenting.withdraw(application_id=draft.pk, user=ada, kind="COLLECTION", at=NOW())
    assert not again(draft).collects


def test_lenders_see_what_was_released_and_nothing_else(ada: User) -> None:
    asked = application(ada, released=["amount", "count", "purpose", "income"])
    with acting_as_service():
        assert released_file(asked) == {
            "amount": 100_000 * NAIRA,
            "count": 12,
            "purpose": "BUSINESS",
            "income": 400_000 * NAIRA,
        }
        all_of_it = application(ada, released=[field.name for field in FIELDS])
        assert list(released_files([all_of_it])[all_of_it.pk]) == [field.name for field in FIELDS]
        assert list(released_file(application(ada, released=["user_id", "id"]))) == list(ALWAYS)


def test_files_are_read_in_one_query_however_many(ada: User, django_assert_num_queries: Any) -> None:
    many = [application(ada) for _one in range(3)]
    with acting_as_service(), django_assert_num_queries(1):
        released_files(many)


def test_the_last_answer_makes_an_application_complete_again(ada: User) -> None:
    asked = application(ada, state="INCOMPLETE", complete_at=NOW() - timedelta(days=9))
    with acting_as_service():
        officer = make_person()
        first, second = (
            Question.objects.create(application=asked, text=text, asked_by=officer, asked_at=NOW())
            for text in ("Which shop?", "Since when?")
        )
    for question in (first, second, second):
        assert again(asked).state in ("INCOMPLETE", "SUBMITTED")
        at = NOW()
        applying.answer_question(question_id=question.pk, user=ada, text=" In Yaba ", at=at)
    sent = again(asked)
    assert sent.state == "SUBMITTED" and sent.deadline is None
    assert sent.complete_at is not None and sent.complete_at > NOW() - timedelta(hours=1)
    with acting_as_service():
        assert Question.objects.get(pk=first.pk).answer == "In Yaba"
    with pytest.raises(applying.AnswerInvalid):
        applying.answer_question(question_id=first.pk, user=ada, text=" ", at=NOW())
    with pytest.raises(applying.QuestionNotFound):
        applying.answer_question(question_id=first.pk, user=make_person(), text="Mine", at=NOW())
