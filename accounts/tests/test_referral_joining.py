"""Joining by a friend's code: by whichever way in, once, and by nobody's trick."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts import referral_links
from accounts.models import Referral, ReferralCode, User
from accounts.services import referrals
from accounts.services.referrals import inviting, joining
from accounts.services.sign_up import join, sign_up
from accounts.tests.factories import PASSWORD, make_person, sign_in
from accounts.tests.referring import invited_by, make_program, referral_of, sign_up_with, told
from accounts.tests.status_steps import restrict
from core.actors import acting_as_service

pytestmark = pytest.mark.django_db


def code_of(user: User) -> str:
    return referrals.code_of(user=user, at=timezone.now()).code


def all_referrals() -> list[tuple[str, str]]:
    with acting_as_service():
        return list(Referral.objects.order_by("pk").values_list("state", "reason"))


def test_a_code_is_made_once_and_has_no_letter_that_looks_like_another(ada):
    first, again = code_of(ada), code_of(ada)
    assert first == again
    assert len(first) == 8
    assert not set(first) & set("01IO")


def test_a_code_is_found_however_it_is_typed(ada):
    code = code_of(ada)
    typed = f" {code[:4].lower()}-{code[4:]} "
    assert referrals.inviter_of(text=typed).user_id == ada.pk


@pytest.mark.parametrize("text", ["", "ABCD", "ABCDEFG0", "ABCDEFGHJ", "' or 1=1--", "ÀBCDEFGH"])
def test_what_is_no_code_leads_to_nobody(text):
    with pytest.raises(referrals.CodeNotFound):
        referrals.inviter_of(text=text)


def test_whoever_signs_up_by_a_code_is_linked_and_the_inviter_told(ada):
    program = make_program()
    bola = sign_up_with(code_of(ada), email="bola@alajo.test")
    referral = referral_of(bola)
    assert (referral.referrer_id, referral.program_id, referral.state) == (ada.pk, program.pk, "JOINED")
    assert referral.shown_as == "Bola A."
    assert told(ada) == ["referral.joined"]


def test_without_a_programme_nobody_is_linked_and_everybody_may_join(ada):
    bola = sign_up_with(code_of(ada), email="bola@alajo.test")
    assert bola.pk
    assert all_referrals() == []


def test_a_code_of_a_frozen_customer_links_nobody(ada):
    make_program()
    code = code_of(ada)
    restrict(ada, "FROZEN", by=make_person(role="AGENT"))
    sign_up_with(code, email="bola@alajo.test")
    assert all_referrals() == []
    with pytest.raises(referrals.CodeNoLongerValid):
        referrals.inviter_of(text=code)


def test_nobody_is_linked_twice_or_moved_to_another(ada, chidi):
    make_program()
    bola = invited_by(ada)
    with pytest.raises(Exception, match="referral_of_person_once"), acting_as_service():
        referrals.attach(user=bola, display_name="Bola", code=code_of(chidi), at=timezone.now())


def test_nobody_is_linked_to_themselves(ada):
    make_program()
    assert referrals.attach(user=ada, display_name="Ada", code=code_of(ada), at=timezone.now()) is None


def test_an_app_sends_the_code_in_the_metadata(ada):
    make_program()
    code = code_of(ada)
    bola = join(email="bola@alajo.test", display_name="Bola Adé", metadata={"referral_code": code})
    chidi = sign_up(
        email="chidi@alajo.test",
        password=PASSWORD,
        display_name="Chidi Eze",
        metadata={"referral_code": code},
        at=timezone.now(),
    )
    assert referral_of(bola).referrer_id == referral_of(chidi).referrer_id == ada.pk


def test_whoever_signs_up_anew_is_linked_by_the_last_code_alone(ada, bola):
    make_program()
    facts = {
        "email": "chidi@alajo.test",
        "password": PASSWORD,
        "display_name": "Chidi Eze",
        "at": timezone.now(),
    }
    first = sign_up(**facts, metadata={"referral_code": code_of(bola)})
    again = sign_up(**facts, metadata={"referral_code": code_of(ada)})
    assert first and again and first.pk == again.pk
    assert all_referrals() == [("REFUSED", "REPLACED"), ("JOINED", "")]
    with acting_as_service():
        assert Referral.objects.get(state="JOINED").referrer_id == ada.pk


@pytest.mark.parametrize("junk", [{"a": 1}, ["x"], 7, "x" * 500, None, True])
def test_junk_for_a_code_keeps_nobody_out(junk):
    make_program()
    assert join(email="bola@alajo.test", display_name="Bola", metadata={"referral_code": junk}).pk
    assert all_referrals() == []


# The link, and the cookie that remembers it.


def follow(code: str, client: Client | None = None) -> Client:
    client = client or Client()
    client.get(f"/r/{code}/")
    return client


def form(**facts: str) -> dict[str, str]:
    return {
        "email": "bola@alajo.test",
        "password1": PASSWORD,
        "display_name": "Bola Adé",
        "referral_code": "",
        **facts,
    }


def test_a_link_is_remembered_until_the_form_is_sent(ada):
    make_program()
    browser = follow(code_of(ada))
    cookie = browser.cookies[referral_links.COOKIE]
    assert (cookie["samesite"], cookie["httponly"], cookie["max-age"]) == ("Lax", True, 30 * 86_400)
    assert browser.post("/accounts/signup/", form()).status_code == 302
    with acting_as_service():
        assert Referral.objects.get().referrer_id == ada.pk


def test_the_last_link_holds_and_a_typed_code_holds_above_it(ada, bola, chidi):
    make_program()
    browser = follow(code_of(ada), follow(code_of(bola)))
    browser.post("/accounts/signup/", form(email="dan@alajo.test"))
    browser = follow(code_of(ada))
    browser.post("/accounts/signup/", form(email="eve@alajo.test", referral_code=code_of(chidi).lower()))
    with acting_as_service():
        found = list(Referral.objects.order_by("pk").values_list("referrer_id", flat=True))
    assert found == [ada.pk, chidi.pk]


def test_a_typed_code_that_leads_nowhere_is_said(ada):
    answer = Client().post("/accounts/signup/", form(referral_code="ABCDEFGH"))
    assert answer.status_code == 422
    assert b"There is no such invitation code" in answer.content


def test_a_cookie_of_ones_own_making_or_an_old_one_counts_for_nothing(ada):
    make_program()
    code, browser = code_of(ada), Client()
    browser.cookies[referral_links.COOKIE] = f'["{code}",30]:1abc:forged'
    browser.post("/accounts/signup/", form())
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        old = follow(code)
    with time_machine.travel(start + timedelta(days=30, seconds=2), tick=False):
        old.post("/accounts/signup/", form(email="chidi@alajo.test"))
    assert all_referrals() == []


def test_a_cookie_that_is_sent_again_links_nobody_who_is_here_already(ada, bola):
    make_program()
    browser = follow(code_of(ada))
    sign_in(browser, bola)
    browser.get("/home/")
    follow(code_of(ada), browser)
    assert all_referrals() == []


def test_metadata_that_changes_after_sign_up_changes_no_link(ada, bola):
    from accounts.services import metadata

    make_program()
    metadata.merge(user=bola, data={"referral_code": code_of(ada)})
    assert all_referrals() == []


def test_visits_are_counted_once_for_a_browser(ada):
    make_program()
    code = code_of(ada)
    browser = follow(code)
    follow(code, browser)
    follow(code)
    with acting_as_service():
        assert ReferralCode.objects.get(pk=ada.pk).visits == 2


def test_a_link_shows_a_strangers_name_and_nothing_else(ada):
    make_program()
    page = Client().get(f"/r/{code_of(ada)}/").content.decode()
    assert "Ada Obi" in page
    for hidden in (ada.email, str(ada.pk), "ada_obi"):
        assert hidden not in page


def test_a_link_that_leads_nowhere_says_so_and_links_may_be_tried_30_times(ada):
    make_program()
    client = Client()
    assert client.get("/r/ABCDEFGH/").status_code == 404
    answers = [client.get("/r/ABCDEFGH/").status_code for _ in range(30)]
    assert answers[-1] == 429


def test_a_link_of_somebody_who_left_is_no_longer_valid(ada):
    make_program()
    code = code_of(ada)
    restrict(ada, "FROZEN", by=make_person(role="AGENT"))
    answer = Client().get(f"/r/{code}/")
    assert answer.status_code == 410
    assert b"no longer valid" in answer.content
    assert referral_links.COOKIE not in answer.cookies


# By mail.


def test_an_invitation_by_mail_is_used_by_whoever_has_the_address(ada, mailoutbox):
    make_program()
    with acting_as_service():
        invitation = inviting.invite(user=ada, email="Bola@Alajo.test", at=timezone.now())
    assert (invitation.state, invitation.shown_as) == ("INVITED", "b•••@alajo.test")
    assert "bola" not in invitation.email_index
    bola = sign_up_with(code_of(ada), email="bola@alajo.test")
    assert referral_of(bola).pk == invitation.pk
    assert referral_of(bola).shown_as == "Bola A."


def test_an_address_is_invited_once_by_one_person_and_ten_a_day(ada):
    make_program()
    at = timezone.now()
    for number in range(10):
        inviting.invite(user=ada, email=f"friend{number}@alajo.test", at=at)
    with pytest.raises(inviting.TooManyInvitationMails):
        inviting.invite(user=ada, email="one-more@alajo.test", at=at)
    with pytest.raises(inviting.AlreadyInvited):
        inviting.invite(user=ada, email="friend3@alajo.test", at=at + timedelta(days=2))


def test_nobody_invites_themselves_or_without_a_programme(ada):
    with pytest.raises(inviting.NoProgram):
        inviting.invite(user=ada, email="bola@alajo.test", at=timezone.now())
    make_program()
    with pytest.raises(inviting.InvitesThemselves):
        inviting.invite(user=ada, email=ada.email, at=timezone.now())


@pytest.mark.parametrize(
    ("at", "last"),
    [
        # 00:30 of 31 January in Lagos, and 30 days: 1 March, for 2028 has a 29 February.
        (datetime(2028, 1, 30, 23, 30, tzinfo=UTC), datetime(2028, 3, 1, 22, 59, 59, 999999, tzinfo=UTC)),
        (datetime(2027, 1, 30, 23, 30, tzinfo=UTC), datetime(2027, 3, 2, 22, 59, 59, 999999, tzinfo=UTC)),
        (datetime(2028, 1, 30, 22, 30, tzinfo=UTC), datetime(2028, 2, 29, 22, 59, 59, 999999, tzinfo=UTC)),
    ],
)
def test_the_time_to_qualify_ends_with_a_day_in_lagos_also_over_29_february(at, last):
    assert joining.last_moment(at, 30) == last
