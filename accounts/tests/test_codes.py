"""One-time codes below the wire: their life, their guards, their mails."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.db import connection, connections

from accounts.models import AuditEvent, OneTimeCode, User
from accounts.services import addresses, codes
from accounts.services.codes import CodeRefused, LinkRefused, SentTooOften
from accounts.tests.factories import make_person
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
