"""An application in its customer's hands: begun once, filled, sent, asked about again, withdrawn, ended by time."""

from datetime import timedelta

import pytest
from django.db import Error, transaction
from django.utils import timezone

from accounts.models import AuditEvent, Customer, IdentityNumber, KycApplication, Notification, User
from accounts.services import account_life
from accounts.services.kyc import applications, declaring, documents, expiring
from accounts.services.kyc.applications import (
    AlreadyOpen,
    ChangedElsewhere,
    Incomplete,
    NoApplication,
    NoHigherTier,
    NotACustomer,
    NotEditable,
)
from accounts.services.kyc.moving import WrongState
from accounts.tests.factories import make_person
from accounts.tests.kyc import (
    BILL,
    PASSPORT,
    SELFIE,
    agree,
    ask_again,
    begin,
    card,
    declare,
    fresh,
    send,
    show,
    states,
    take_up,
)
from core.actors import acting_as_service
from core.tests.at_once import at_once
from realtime.models import Message
from storage_app.tests.conftest import files  # noqa: F401

pytestmark = pytest.mark.usefixtures("transactional_db", "files")
NOW = timezone.now()
DAY = timedelta(days=1)
TWO = ["PERSONAL", "BVN", "NIN", "ADDRESS", "BANK_ACCOUNT", "CONSENT"]


@pytest.fixture
def agent(transactional_db) -> User:
    return make_person(email="agent@alajo.test", role="AGENT")


def told(user: User) -> list[str]:
    with acting_as_service():
        found = Notification.objects.filter(user=user, event__startswith="kyc.").order_by("id")
        return list(found.values_list("event", flat=True))


def test_it_is_begun_filled_and_sent(ada):
    begin(ada, at=NOW)
    declare(ada, at=NOW)
    agree(ada, at=NOW)
    application = applications.submit(user=ada, at=NOW)
    assert (application.state, application.submitted_at) == ("SUBMITTED", NOW)
    assert states(application) == ["DRAFT", "SUBMITTED"] and told(ada) == ["kyc.submitted"]
    assert fresh(application).revision == 6
    with acting_as_service():
        deeds = AuditEvent.objects.filter(target_id=str(application.pk)).order_by("id")
        assert deeds.last().action == "kyc.application.submitted"
        assert Message.objects.filter(topic=f"user:{ada.pk}", event="kyc.submitted").exists()


def test_what_is_missing_is_named_and_nothing_is_sent(ada):
    application = begin(ada)
    with pytest.raises(Incomplete) as refused:
        applications.submit(user=ada, at=NOW)
    assert refused.value.data["missing"] == TWO and fresh(application).state == "DRAFT"


def test_begun_twice_it_is_one_and_another_tier_waits(ada):
    assert begin(ada) == begin(ada)
    with pytest.raises(AlreadyOpen):
        begin(ada, tier=3)
    with acting_as_service():
        Customer.objects.filter(pk=ada.pk).update(tier=3)
    applications.withdraw(user=ada, at=NOW)
    for tier in (0, 1, 3, 4):
        with pytest.raises(NoHigherTier):
            begin(ada, tier=tier)


def test_begun_twice_at_once_it_is_one(ada):
    found = at_once(lambda: begin(ada).pk, lambda: begin(ada).pk)
    assert found[0] == found[1]
    with acting_as_service():
        assert KycApplication.objects.count() == 1


def test_sent_twice_at_once_it_is_sent_once(ada):
    begin(ada)
    declare(ada)
    application = agree(ada)
    found = at_once(*[lambda: applications.submit(user=ada, at=NOW).state] * 2)
    assert sorted(str(one) if isinstance(one, str) else type(one).__name__ for one in found) == [
        "SUBMITTED",
        "WrongState",
    ]
    assert states(application) == ["DRAFT", "SUBMITTED"] and told(ada) == ["kyc.submitted"]


def test_staff_have_no_tier_to_raise(agent):
    with pytest.raises(NotACustomer):
        begin(agent)
    with pytest.raises(NoApplication):
        declare(agent)


def test_of_two_tabs_the_second_is_told(ada):
    application = begin(ada)
    typed = {"address": "12 Allen Avenue", "city": "Ikeja", "region": "LAGOS", "at": NOW}
    declaring.save_address(user=ada, revision=application.revision, **typed)
    with pytest.raises(ChangedElsewhere) as refused:
        declaring.save_address(user=ada, revision=application.revision, **typed | {"city": "Yaba"})
    assert refused.value.data["revision"] == 1 and fresh(application).city == "Ikeja"


def test_two_tabs_at_once_count_each_change_once(ada):
    application = begin(ada)
    typed = {"address": "12 Allen Avenue", "region": "LAGOS", "at": NOW, "revision": 0}
    found = at_once(
        lambda: declaring.save_address(user=ada, city="Ikeja", **typed),
        lambda: declaring.save_address(user=ada, city="Yaba", **typed),
    )
    assert [type(one) for one in found].count(ChangedElsewhere) == 1 and fresh(application).revision == 1


def test_once_sent_nothing_can_be_changed(ada, agent):
    application = send(ada, tier=3)
    document = _documents(application)[0]
    for state in ("SUBMITTED", "IN_REVIEW"):
        if state == "IN_REVIEW":
            take_up(application, by=agent)
        for change in (
            lambda: declare(ada),
            lambda: agree(ada),
            lambda: documents.delete_document(user=ada, document_id=document.pk, at=NOW),
            lambda: documents.replace_document(user=ada, document_id=document.pk, source=[card()], at=NOW),
        ):
            with pytest.raises(NotEditable) as refused:
                change()
            assert refused.value.data["state"] == state
        with pytest.raises(WrongState):
            applications.submit(user=ada, at=NOW)
    assert fresh(application).revision == application.revision


def _documents(application: KycApplication) -> list:
    with acting_as_service():
        return list(application.documents.order_by("id"))


def test_only_the_document_asked_for_again_can_be_sent_again(ada, agent):
    application = send(ada, tier=3)
    passport, selfie, _bill = _documents(application)
    take_up(application, by=agent)
    ask_again(application, {"document": str(passport.pk)}, by=agent, at=NOW)
    for change in (lambda: declare(ada), lambda: agree(ada)):
        with pytest.raises(NotEditable):
            change()
    with pytest.raises(NotEditable):
        documents.replace_document(user=ada, document_id=selfie.pk, source=[card()], at=NOW)
    with pytest.raises(NotEditable):
        documents.delete_document(user=ada, document_id=passport.pk, at=NOW)
    with pytest.raises(Incomplete) as refused:
        applications.submit(user=ada, at=NOW)
    assert refused.value.data["missing"] == ["DOCUMENT"]
    made = documents.replace_document(user=ada, document_id=passport.pk, source=[card(seed=9)], at=NOW)
    again = documents.replace_document(user=ada, document_id=made.pk, source=[card(seed=8)], at=NOW)
    found = applications.submit(user=ada, at=NOW)
    assert found.asked_again == [] and found.revision == application.revision + 2
    with acting_as_service():
        passport.refresh_from_db()
    assert (passport.state, passport.replaced_by_id) == ("REPLACED", made.pk) and again.state == "PENDING"
    assert states(application)[-3:] == ["IN_REVIEW", "MORE_NEEDED", "SUBMITTED"]


@pytest.mark.parametrize("asked", ["ADDRESS", {"step": "ADDRESS"}])
def test_only_the_step_asked_for_again_can_be_filled_again(ada, agent, asked):
    application = send(ada)
    take_up(application, by=agent)
    ask_again(application, asked, by=agent)
    with pytest.raises(NotEditable):
        declaring.save_bank_account(user=ada, bank_code="058", number="0123456780", at=NOW)
    with pytest.raises(Incomplete):
        applications.submit(user=ada, at=NOW)
    for city in ("Yaba", "Surulere"):
        declaring.save_address(user=ada, address="3 Herbert Road", city=city, region="LAGOS", at=NOW)
    assert applications.submit(user=ada, at=NOW).city == "Surulere"


def test_a_number_asked_for_again_that_was_confirmed_meanwhile_holds_nobody_up(ada, agent):
    application = send(ada)
    take_up(application, by=agent)
    with acting_as_service():
        IdentityNumber.objects.update(verified_at=NOW)
    ask_again(application, "NUMBERS", by=agent)
    assert applications.submit(user=ada, at=NOW).state == "SUBMITTED"


def test_withdrawn_it_ends_and_the_next_one_begins_with_its_words(ada):
    send(ada)
    ended = applications.withdraw(user=ada, at=NOW)
    assert ended.state == "EXPIRED" and states(ended)[-1] == "EXPIRED"
    again = begin(ada)
    assert again != ended and again.declared_name == "Ada Obi" and again.city == "Ikeja"
    assert again.consented_at is None
    agree(ada)
    assert applications.submit(user=ada, at=NOW).state == "SUBMITTED"


def test_what_staff_look_at_is_not_withdrawn(ada, agent):
    application = take_up(send(ada), by=agent)
    with pytest.raises(NotEditable):
        applications.withdraw(user=ada, at=NOW)
    assert fresh(application).state == "IN_REVIEW"


def test_a_draft_left_lying_is_spoken_of_once_and_then_ends(ada):
    application = begin(ada, at=NOW)
    assert expiring.expire_old(at=NOW + 22 * DAY) == 0 and told(ada) == []
    for hours in (0, 5):
        expiring.expire_old(at=NOW + 24 * DAY + timedelta(hours=hours))
    assert told(ada) == ["kyc.expiring"]
    declaring.save_address(user=ada, address="1 Road", city="Yaba", region="LAGOS", at=NOW + 25 * DAY)
    assert expiring.expire_old(at=NOW + 31 * DAY) == 0
    assert expiring.expire_old(at=NOW + 55 * DAY) == 1
    assert states(application)[-1] == "EXPIRED" and told(ada) == ["kyc.expiring", "kyc.expired"]
    assert expiring.expire_old(at=NOW + 56 * DAY) == 0


def test_what_was_asked_for_again_waits_thirty_days_from_then(ada, agent):
    application = send(ada, at=NOW)
    take_up(application, by=agent, at=NOW + 40 * DAY)
    assert expiring.expire_old(at=NOW + 40 * DAY) == 0
    ask_again(application, "ADDRESS", by=agent, at=NOW + 41 * DAY)
    assert expiring.expire_old(at=NOW + 70 * DAY) == 0
    assert expiring.expire_old(at=NOW + 71 * DAY) == 1


def test_who_leaves_takes_back_what_staff_are_looking_at(ada, agent):
    application = take_up(send(ada), by=agent)
    account_life.close_account(user=ada, at=NOW)
    assert states(application)[-2:] == ["SUBMITTED", "EXPIRED"]
    with acting_as_service():
        assert IdentityNumber.objects.held().filter(customer_id=ada.pk).count() == 2


def test_the_database_knows_which_states_follow(ada):
    application = begin(ada)
    with acting_as_service(), pytest.raises(Error), transaction.atomic():
        KycApplication.objects.filter(pk=application.pk).update(state="APPROVED")


def test_of_tier_three_each_picture_is_asked_for(ada):
    begin(ada, tier=3)
    declare(ada)
    agree(ada)
    with pytest.raises(Incomplete) as refused:
        applications.submit(user=ada, at=NOW)
    assert refused.value.data["missing"] == ["DOCUMENT", "SELFIE", "PROOF_OF_ADDRESS"]
    show(ada, PASSPORT, SELFIE, BILL)
    assert applications.submit(user=ada, at=NOW).state == "SUBMITTED"
