"""One-time codes below the wire: their life, their guards, what they prove."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connection, connections

from accounts.models import AuditEvent, OneTimeCode, Session, User
from accounts.services import addresses, codes, sessions
from accounts.services.codes import CodeRefused, LinkRefused, SentTooOften
from accounts.services.sign_up import join
from accounts.tests.factories import PASSWORD, make_person
from core.actors import acting_as_service

pytestmark = pytest.mark.usefixtures("transactional_db")
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
CHALLENGE = {"code_challenge": "c" * 43, "code_challenge_method": "S256"}


@pytest.fixture
def ada() -> User:
    return make_person(email="ada@alajo.test")


def made(user: User, purpose: str = "magiclink", at: datetime = NOW, **asked: str) -> codes.Made:
    return codes.make_code(user=user, purpose=purpose, at=at, **asked)


def wrong(code: str, by: int = 1) -> str:
    return f"{(int(code) + by) % 1_000_000:06}"


def newcomer(email: str = "new@alajo.test", password: str = PASSWORD) -> User:
    with acting_as_service():
        user = join(email=email, display_name="Ada", metadata={})
        user.set_password(password)
        user.save()
    return user


def test_a_code_works_once_within_the_hour(ada):
    code = made(ada).code
    assert codes.use_code(email=ada.email, code=code, kind="magiclink", at=NOW + 59 * MINUTE).user == ada
    with pytest.raises(CodeRefused):
        codes.use_code(email=ada.email, code=code, kind="magiclink", at=NOW + 59 * MINUTE)


def test_code_and_link_run_out_after_an_hour(ada):
    letter = made(ada)
    late = NOW + timedelta(hours=1)
    with pytest.raises(CodeRefused):
        codes.use_code(email=ada.email, code=letter.code, kind="magiclink", at=late)
    with pytest.raises(LinkRefused):
        codes.use_link(token=letter.token, kind="magiclink", at=late)
    assert codes.use_link(token=letter.token, kind="magiclink", at=late - SECOND).user == ada


def test_the_code_uses_up_its_link_and_the_link_its_code(ada):
    letter = made(ada)
    codes.use_code(email=ada.email, code=letter.code, kind="email", at=NOW)
    with pytest.raises(LinkRefused):
        codes.use_link(token=letter.token, kind="email", at=NOW)
    letter = made(ada)
    codes.use_link(token=letter.token, kind="magiclink", at=NOW)
    with pytest.raises(CodeRefused):
        codes.use_code(email=ada.email, code=letter.code, kind="magiclink", at=NOW)


def test_neither_code_nor_token_is_in_the_database(ada):
    letter = made(ada)
    with acting_as_service(), connection.cursor() as cursor:
        cursor.execute("select t::text from accounts_onetimecode t")
        (row,) = cursor.fetchone()
        assert not AuditEvent.objects.filter(data__icontains=letter.code).exists()
    assert letter.code not in row.split(",")
    assert letter.token not in row


def test_five_wrong_answers_kill_a_code(ada):
    code = made(ada).code
    for attempt in range(5):
        with pytest.raises(CodeRefused):
            codes.use_code(email=ada.email, code=wrong(code, attempt + 1), kind="email", at=NOW)
    with pytest.raises(CodeRefused):
        codes.use_code(email=ada.email, code=code, kind="email", at=NOW)
    with acting_as_service():
        assert OneTimeCode.objects.get().attempts == 5
        assert AuditEvent.objects.filter(action="accounts.code.refused").count() == 5


def test_four_wrong_answers_do_not(ada):
    code = made(ada).code
    for attempt in range(4):
        with pytest.raises(CodeRefused):
            codes.use_code(email=ada.email, code=wrong(code, attempt + 1), kind="email", at=NOW)
    assert codes.use_code(email=ada.email, code=code, kind="email", at=NOW).user == ada


def test_wrong_answers_to_one_kind_count_against_every_code_they_could_have_meant(ada):
    one, other = made(ada).code, made(ada, "recovery").code
    guess = next(f"{n:06}" for n in range(3) if f"{n:06}" not in (one, other))
    for _attempt in range(5):
        with pytest.raises(CodeRefused):
            codes.use_code(email=ada.email, code=guess, kind="email", at=NOW)
    for code, kind in ((one, "magiclink"), (other, "recovery")):
        with pytest.raises(CodeRefused):
            codes.use_code(email=ada.email, code=code, kind=kind, at=NOW)


@pytest.mark.parametrize("guess", ["", "12345", "1234567", "٠٠٠٠٠٠", "000000 ", "x" * 5000])
def test_what_is_no_code_is_an_ordinary_wrong_answer(ada, guess):
    made(ada)
    with pytest.raises(CodeRefused):
        codes.use_code(email=ada.email, code=guess, kind="email", at=NOW)


def test_a_newer_code_replaces_the_older_one_of_its_kind_only(ada):
    old, recovery, new = made(ada), made(ada, "recovery"), made(ada)
    with pytest.raises(LinkRefused):
        codes.use_link(token=old.token, kind="magiclink", at=NOW)
    assert codes.use_link(token=new.token, kind="magiclink", at=NOW).user == ada
    assert codes.use_link(token=recovery.token, kind="recovery", at=NOW).user == ada


@pytest.mark.parametrize(
    ("purpose", "kind"),
    [
        ("recovery", "signup"),
        ("recovery", "magiclink"),
        ("magiclink", "recovery"),
        ("signup", "invite"),
        ("magiclink", "email_change"),
        ("reauthentication", "email"),
        ("reauthentication", "magiclink"),
    ],
)
def test_a_code_serves_no_other_purpose(ada, purpose, kind):
    letter = made(ada, purpose)
    with pytest.raises(LinkRefused):
        codes.use_link(token=letter.token, kind=kind, at=NOW)
    with pytest.raises(CodeRefused):
        codes.use_code(email=ada.email, code=letter.code, kind=kind, at=NOW)


def test_a_change_of_address_never_signs_in_by_the_kind_that_takes_any_code(ada):
    letter = made(ada, "email_change_new", new_email="ada2@alajo.test")
    with pytest.raises(CodeRefused):
        codes.use_code(email="ada2@alajo.test", code=letter.code, kind="email", at=NOW)


def test_a_code_of_somebody_else_is_refused(ada):
    bola = make_person(email="bola@alajo.test")
    hers = made(bola)
    mine = made(ada)
    if mine.code != hers.code:
        with pytest.raises(CodeRefused):
            codes.use_code(email=ada.email, code=hers.code, kind="email", at=NOW)
    assert codes.use_code(email=bola.email, code=hers.code, kind="email", at=NOW).user == bola


def test_a_code_dies_when_the_address_it_went_to_is_no_longer_theirs(ada):
    letter = made(ada)
    addresses.change(user=ada, email="ada2@alajo.test", at=NOW)
    for email in ("ada@alajo.test", "ada2@alajo.test"):
        with pytest.raises(CodeRefused):
            codes.use_code(email=email, code=letter.code, kind="email", at=NOW)
    with pytest.raises(LinkRefused):
        codes.use_link(token=letter.token, kind="email", at=NOW)


@pytest.mark.parametrize("by_link", [True, False])
def test_of_twenty_answers_at_once_one_is_right(ada, by_link):
    letter = made(ada)

    def answer(_number: int) -> bool:
        try:
            if by_link:
                codes.use_link(token=letter.token, kind="magiclink", at=NOW)
            else:
                codes.use_code(email=ada.email, code=letter.code, kind="magiclink", at=NOW)
        except CodeRefused:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(answer, range(20))) == 1


def test_twenty_wrong_answers_at_once_are_all_counted(ada):
    letter = made(ada)

    def answer(number: int) -> None:
        with pytest.raises(CodeRefused):
            codes.use_code(email=ada.email, code=wrong(letter.code, number + 1), kind="email", at=NOW)
        connections.close_all()

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(answer, range(20)))
    with pytest.raises(CodeRefused):
        codes.use_code(email=ada.email, code=letter.code, kind="email", at=NOW)


# Mails.


def test_a_letter_has_both_parts_with_code_and_link(ada):
    codes.send_code(
        user=ada, purpose="magiclink", at=NOW, redirect_to="https://app.test/?a=1&b=2", **CHALLENGE
    )
    (letter,) = mail.outbox
    html = letter.alternatives[0].content
    assert letter.to == ["ada@alajo.test"]
    assert "http://testserver/auth/v1/verify?token=pkce_" in letter.body
    assert "redirect_to=https%3A%2F%2Fapp.test%2F%3Fa%3D1%26b%3D2" in letter.body
    assert "<" not in letter.body
    code = letter.body.split("    ")[1].split()[0]
    assert len(code) == 6
    assert code in html
    assert codes.use_code(email=ada.email, code=code, kind="email", at=NOW).user == ada


def test_no_mail_leaves_when_nothing_was_stored(ada):
    class Fault(Exception):
        pass

    with pytest.raises(Fault), acting_as_service():
        codes.send_code(user=ada, purpose="magiclink", at=NOW)
        raise Fault
    assert mail.outbox == []


def test_one_mail_a_minute_for_each_address_and_kind(ada):
    codes.send_code(user=ada, purpose="magiclink", at=NOW)
    with pytest.raises(SentTooOften) as refused:
        codes.send_code(user=ada, purpose="magiclink", at=NOW + 20 * SECOND)
    assert refused.value.data["retry_after"] == 40
    assert str(refused.value) == "For security purposes, you can only request this after 40 seconds."
    codes.send_code(user=ada, purpose="recovery", at=NOW + 20 * SECOND)
    codes.send_code(user=ada, purpose="magiclink", at=NOW + 60 * SECOND)
    assert len(mail.outbox) == 3


def test_two_people_cannot_flood_a_third_with_changes_of_address(ada):
    bola = make_person(email="bola@alajo.test")
    codes.send_code(user=ada, purpose="email_change_new", new_email="target@alajo.test", at=NOW)
    with pytest.raises(SentTooOften):
        codes.send_code(user=bola, purpose="email_change_new", new_email="target@alajo.test", at=NOW + SECOND)


def test_ten_mails_an_hour_to_one_address_are_enough(ada):
    for minute in range(10):
        codes.send_code(user=ada, purpose="magiclink", at=NOW + minute * MINUTE)
    with pytest.raises(SentTooOften) as refused:
        codes.send_code(user=ada, purpose="recovery", at=NOW + 30 * MINUTE)
    assert refused.value.data["retry_after"] == 30 * 60
    codes.send_code(user=ada, purpose="recovery", at=NOW + 60 * MINUTE)
    assert len(mail.outbox) == 11


def test_twenty_requests_at_once_send_one_mail(ada):
    def ask(_number: int) -> bool:
        try:
            codes.send_code(user=ada, purpose="magiclink", at=NOW)
        except SentTooOften:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(ask, range(20))) == 1


# What they prove.


def test_a_nonce_confirms_its_own_person_once(ada):
    bola = make_person(email="bola@alajo.test")
    letter = made(ada, "reauthentication")
    assert not codes.check_nonce(user=bola, nonce=letter.code, at=NOW)
    assert not codes.check_nonce(user=ada, nonce=wrong(letter.code), at=NOW)
    assert codes.check_nonce(user=ada, nonce=letter.code, at=NOW)
    assert not codes.check_nonce(user=ada, nonce=letter.code, at=NOW)
    assert not codes.check_nonce(user=ada, nonce=made(ada, "magiclink").code, at=NOW)


def test_the_code_of_a_sign_up_confirms_the_address_and_leaves_its_password():
    user = newcomer()
    used = codes.use_code(email=user.email, code=made(user, "signup").code, kind="signup", at=NOW)
    assert addresses.settle(code=used, at=NOW)
    with acting_as_service():
        user.refresh_from_db()
        assert EmailAddress.objects.get(user=user).verified
    assert user.email_confirmed_at == NOW
    assert user.check_password(PASSWORD)
    assert user.user_metadata["email_verified"] is True


@pytest.mark.parametrize("purpose", ["magiclink", "recovery"])
def test_who_signed_up_with_anothers_address_is_shut_out_once_its_owner_comes(purpose):
    user = newcomer()
    session = sessions.start(user=user, face="APP", method="password", at=NOW)
    used = codes.use_code(email=user.email, code=made(user, purpose).code, kind=purpose, at=NOW)
    addresses.settle(code=used, at=NOW)
    with acting_as_service():
        user.refresh_from_db()
        assert not Session.objects.live().filter(pk=session.pk).exists()
    assert not user.has_usable_password()


def test_a_magic_link_leaves_the_password_of_a_confirmed_person(ada):
    with acting_as_service():
        User.objects.filter(pk=ada.pk).update(email_confirmed_at=NOW)
    used = codes.use_link(token=made(ada).token, kind="email", at=NOW)
    addresses.settle(code=used, at=NOW)
    with acting_as_service():
        ada.refresh_from_db()
    assert ada.check_password(PASSWORD)


@pytest.fixture
def moving(ada) -> tuple[User, codes.Made, codes.Made]:
    """Ada, whose address is confirmed, and both halves of a change of it."""
    with acting_as_service():
        User.objects.filter(pk=ada.pk).update(email_confirmed_at=NOW)
    asked = {"new_email": "ada2@alajo.test"}
    return ada, made(ada, "email_change_current", **asked), made(ada, "email_change_new", **asked)


def use(letter: codes.Made, at: datetime = NOW) -> bool:
    return addresses.settle(code=codes.use_link(token=letter.token, kind="email_change", at=at), at=at)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_an_address_changes_when_both_have_agreed(moving, order):
    ada, *halves = moving
    assert not use(halves[order[0]])
    with acting_as_service():
        ada.refresh_from_db()
    assert (ada.email, ada.new_email) == ("ada@alajo.test", "ada2@alajo.test")
    assert use(halves[order[1]])
    with acting_as_service():
        ada.refresh_from_db()
        (address,) = EmailAddress.objects.filter(user=ada)
    assert (ada.email, ada.new_email, ada.email_confirmed_at) == ("ada2@alajo.test", "", NOW)
    assert (address.email, address.verified, address.primary) == ("ada2@alajo.test", True, True)
    assert [letter.to for letter in mail.outbox] == [["ada@alajo.test"], ["ada2@alajo.test"]]


def test_one_half_twice_is_not_both(moving):
    _ada, _current, new = moving
    assert not use(new)
    with pytest.raises(LinkRefused):
        use(new)


def test_a_half_for_one_address_does_not_count_for_another(moving):
    ada, current, _new = moving
    assert not use(current)
    other = made(ada, "email_change_new", new_email="evil@alajo.test")
    assert not use(other)
    with acting_as_service():
        ada.refresh_from_db()
    assert ada.email == "ada@alajo.test"


def test_a_half_is_forgotten_after_an_hour(moving):
    ada, current, _new = moving
    assert not use(current)
    late = NOW + timedelta(hours=1)
    assert not use(made(ada, "email_change_new", at=late - SECOND, new_email="ada2@alajo.test"), late)


def test_an_address_that_somebody_else_took_meanwhile_is_not_given_away(moving):
    ada, current, new = moving
    make_person(email="ada2@alajo.test")
    use(current)
    with pytest.raises(addresses.AddressTaken):
        use(new)
    with acting_as_service():
        ada.refresh_from_db()
    assert ada.email == "ada@alajo.test"


def test_an_address_that_another_confirmed_as_a_further_one_is_not_given_away(moving):
    _ada, current, new = moving
    bola = make_person(email="bola@alajo.test")
    with acting_as_service():
        EmailAddress.objects.create(user=bola, email="ada2@alajo.test", verified=True)
    use(current)
    with pytest.raises(addresses.AddressTaken):
        use(new)


def test_an_address_taken_at_the_last_moment_leaves_everything_as_it_was(moving, monkeypatch):
    ada, current, new = moving
    bola = make_person(email="bola@alajo.test")
    with acting_as_service():
        EmailAddress.objects.create(user=bola, email="ada2@alajo.test", verified=True)
    use(current)
    monkeypatch.setattr(addresses, "is_taken", lambda **_asked: False)
    with acting_as_service(), pytest.raises(addresses.AddressTaken):
        use(new)
    with acting_as_service():
        ada.refresh_from_db()
        assert EmailAddress.objects.get(user=ada).email == "ada@alajo.test"
    assert ada.email == "ada@alajo.test"
    assert mail.outbox == []


def test_without_a_confirmed_old_address_the_new_one_is_enough_and_the_old_never():
    user = newcomer()
    asked = {"new_email": "right@alajo.test"}
    assert not use(made(user, "email_change_current", **asked))
    with acting_as_service():
        OneTimeCode.objects.all().delete()
    assert use(made(user, "email_change_new", **asked))
    with acting_as_service():
        user.refresh_from_db()
    assert user.email == "right@alajo.test"
