"""Qualifying: what a programme asks, once, and what no trick gets past."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from accounts import referral_signals
from accounts.device_marks import COOKIE, WAYS_IN
from accounts.models import Customer, Referral, ReferralBonus, ReferralHistory, User
from accounts.models.referrals import Event
from accounts.services import referrals
from accounts.services.referrals import programs, qualifying
from accounts.services.referrals.joining import last_moment
from accounts.tests.factories import PASSWORD, make_person
from accounts.tests.referring import (
    DAY,
    bonuses,
    invited_by,
    make_program,
    qualify,
    referral_of,
    sign_up_with,
    told,
)
from core.actors import acting_as_service

pytestmark = pytest.mark.django_db


def state_of(user: User) -> tuple[str, str]:
    found = referral_of(user)
    return found.state, found.reason


def history_of(user: User) -> list[tuple[str, str]]:
    with acting_as_service():
        mine = ReferralHistory.objects.filter(referral__invited=user).order_by("id")
        return list(mine.values_list("was", "state"))


def test_a_first_deposit_of_enough_makes_both_bonuses_due(ada):
    make_program()
    bola, reference = invited_by(ada), uuid4()
    qualify(bola, amount=100_000, reference=reference)
    assert state_of(bola) == ("QUALIFIED", "")
    assert referral_of(bola).reference == reference
    assert bonuses() == [(bola.pk, 0, 50_000, "DUE", ""), (ada.pk, 1, 100_000, "DUE", "")]
    assert told(ada) == ["referral.joined", "referral.qualified"]
    assert history_of(bola) == [("", "JOINED"), ("JOINED", "QUALIFIED")]


def test_what_is_told_twice_counts_once(ada):
    make_program()
    bola = invited_by(ada)
    assert qualify(bola) is not None
    assert qualify(bola, reference=uuid4()) is None
    assert len(bonuses()) == 2


@pytest.mark.parametrize(
    "facts",
    [
        {"amount": 99_999},
        {"currency": "USD"},
        {"event": Event.KYC_APPROVED},
        {"event": Event.FIRST_LOAN_REPAID},
    ],
)
def test_what_the_programme_does_not_ask_for_changes_nothing(ada, facts):
    make_program()
    bola = invited_by(ada)
    assert qualify(bola, **facts) is None
    assert state_of(bola) == ("JOINED", "")


def test_a_confirmed_identity_qualifies_where_that_is_asked(ada):
    make_program(event=Event.KYC_APPROVED, minimum=0)
    bola = invited_by(ada)
    referrals.qualify(user_id=bola.pk, event=Event.KYC_APPROVED, at=timezone.now())
    assert state_of(bola) == ("QUALIFIED", "")


def test_whom_nobody_invited_qualifies_for_nothing(ada, django_assert_num_queries):
    make_program()
    with acting_as_service(), django_assert_num_queries(1):
        assert qualify(ada) is None


def test_the_last_day_counts_and_the_next_does_not(ada):
    program = make_program(window_days=7)
    bola, chidi = invited_by(ada), invited_by(ada)
    last = last_moment(referral_of(bola).joined_at, program.window_days)
    qualify(bola, at=last)
    qualify(chidi, at=last + timedelta(seconds=1))
    assert (state_of(bola), state_of(chidi)) == (("QUALIFIED", ""), ("REFUSED", "TOO_LATE"))


def test_whose_time_is_over_is_refused_at_night_and_only_once(ada):
    make_program(window_days=7)
    bola = invited_by(ada)
    at = timezone.now() + 9 * DAY
    assert (referrals.lapse(at=at), referrals.lapse(at=at)) == (1, 0)
    assert state_of(bola) == ("REFUSED", "TOO_LATE")
    assert told(ada) == ["referral.joined", "referral.refused"]


def test_a_second_level_is_paid_to_whoever_invited_the_inviter(ada):
    make_program(level_bonuses=[100_000, 20_000])
    bola = invited_by(ada)
    chidi = invited_by(bola)
    qualify(chidi)
    assert [row[:3] for row in bonuses()] == [
        (chidi.pk, 0, 50_000),
        (bola.pk, 1, 100_000),
        (ada.pk, 2, 20_000),
    ]


def test_a_referral_keeps_the_programme_under_which_it_began(ada):
    today = programs.day_of(timezone.now())
    first = make_program()
    bola = invited_by(ada)
    second = make_program(starts_on=today + DAY, invited_bonus=1, level_bonuses=[2])
    chidi = invited_by(ada, at=timezone.now() + DAY)
    at = timezone.now() + 2 * DAY
    qualify(bola, at=at)
    qualify(chidi, at=at + timedelta(seconds=1))
    assert (referral_of(bola).program_id, referral_of(chidi).program_id) == (first.pk, second.pk)
    assert [row[2] for row in bonuses()] == [50_000, 100_000, 1, 2]


# Self-referral and rings.


def refused(user: User) -> str:
    """Qualify, and return why that was refused; nobody is due anything then."""
    qualify(user)
    assert referral_of(user).state == "REFUSED"
    assert [row for row in bonuses() if row[0] == user.pk] == []
    return referral_of(user).reason


def browser_mark(client) -> None:
    client.get(f"{WAYS_IN}login/")
    assert client.cookies[COOKIE]["httponly"]


def log_in(client, user: User) -> None:
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    client.post("/accounts/logout/")


def test_one_device_for_both_is_refused_whoever_is_between_them(ada, client):
    make_program()
    bola = invited_by(ada)
    chidi = invited_by(bola)
    browser_mark(client)
    log_in(client, ada)
    log_in(client, chidi)
    assert refused(chidi) == "SAME_DEVICE"


def test_one_address_on_the_internet_is_no_reason(ada, client):
    make_program()
    bola = invited_by(ada)
    browser_mark(client)
    log_in(client, ada)
    client.cookies.clear()
    browser_mark(client)
    log_in(client, bola)
    qualify(bola)
    assert state_of(bola) == ("QUALIFIED", "")


@pytest.mark.parametrize("email", ["ada+2@alajo.test", "ADA+X+Y@alajo.test"])
def test_one_mailbox_under_two_names_is_refused(ada, email):
    make_program()
    bola = sign_up_with(referrals.code_of(user=ada, at=timezone.now()).code, email=email)
    assert refused(bola) == "SAME_MAILBOX"


def test_dots_in_a_mailbox_count_only_where_they_mean_something():
    assert referral_signals.mailbox_of("a.da@gmail.com") == referral_signals.mailbox_of("ada+1@gmail.com")
    assert referral_signals.mailbox_of("a.da@alajo.test") != referral_signals.mailbox_of("ada@alajo.test")


def test_a_number_that_went_from_one_account_to_the_other_is_refused(ada):
    make_program()
    bola = invited_by(ada)
    with acting_as_service():
        Customer.objects.filter(pk=ada.pk).update(phone="+2348031234567")
        Customer.objects.filter(pk=ada.pk).update(phone="")
        Customer.objects.filter(pk=bola.pk).update(phone="+2348031234567")
    assert refused(bola) == "SAME_PHONE"


def test_a_ring_is_refused_however_long_it_is(ada):
    """No service makes one, since whoever invites is here before; rows of another system might."""
    program, at = make_program(), timezone.now()
    people = [ada]
    for _number in range(4):
        people.append(invited_by(people[-1]))
    with acting_as_service():
        Referral.objects.create(
            program=program,
            referrer=people[-1],
            invited=ada,
            state="JOINED",
            shown_as="Ada O.",
            joined_at=at,
            qualify_by=at + DAY,
            changed_at=at,
        )
    assert qualifying.upline(ada.pk)[0] == ada.pk
    assert refused(people[2]) == "RING"
    assert refused(ada) == "RING"


def test_a_signal_that_an_app_above_adds_is_asked_with_all_who_are_above(ada, monkeypatch):
    asked: list[tuple[UUID, list[UUID]]] = []

    def same_account(person, others):
        asked.append((person, list(others)))
        return True

    monkeypatch.setattr(referral_signals, "_signals", {})
    referral_signals.register("SAME_BANK_ACCOUNT", same_account)
    make_program()
    bola = invited_by(ada)
    chidi = invited_by(bola)
    assert refused(chidi) == "SAME_BANK_ACCOUNT"
    assert asked == [(chidi.pk, [bola.pk, ada.pk])]


def test_staff_refuse_a_referral_before_it_is_paid_and_not_after(ada):
    make_program()
    bola, agent = invited_by(ada), make_person(role="AGENT")
    qualify(bola)
    referrals.refuse(
        referral_id=referral_of(bola).pk, by=agent, reason="known to the police", at=timezone.now()
    )
    assert state_of(bola) == ("REFUSED", "BY_STAFF")
    assert {row[3] for row in bonuses()} == {"REFUSED"}
    with pytest.raises(referrals.NotRefusable):
        referrals.refuse(referral_id=referral_of(bola).pk, by=agent, reason="again", at=timezone.now())


def test_why_it_was_refused_is_told_to_the_inviter_only_as_far_as_it_concerns_nobody_else(ada):
    make_program()
    bola = sign_up_with(referrals.code_of(user=ada, at=timezone.now()).code, email="ada+2@alajo.test")
    assert refused(bola) == "SAME_MAILBOX"
    assert referral_of(bola).told == "RULES"


# Programmes.


def test_two_programmes_never_hold_on_one_day():
    today = programs.day_of(timezone.now())
    first = make_program(starts_on=today + 3 * DAY)
    with pytest.raises(referrals.ProgramOverlaps):
        make_program()
    with pytest.raises(referrals.ProgramInPast):
        make_program(starts_on=today - DAY)
    second = make_program(starts_on=today + 5 * DAY)
    with acting_as_service():
        first.refresh_from_db()
    assert (first.ends_on, second.ends_on) == (today + 4 * DAY, None)


def test_a_programme_that_is_ended_takes_nobody_in_and_keeps_its_word(ada):
    program = make_program()
    bola = invited_by(ada)
    referrals.end_program(
        program_id=program.pk, by=make_person(role="ADMIN"), reason="spent elsewhere", at=timezone.now()
    )
    invited_by(ada)
    qualify(bola)
    with acting_as_service():
        assert [each.state for each in Referral.objects.all()] == ["QUALIFIED"]
        assert ReferralBonus.objects.count() == 2
    with pytest.raises(referrals.ProgramOver):
        referrals.end_program(
            program_id=program.pk, by=make_person(role="ADMIN"), reason="once more", at=timezone.now()
        )
