"""What a one-time code proves: whose address it is, and the two halves of a change of it."""

from datetime import UTC, datetime, timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail

from accounts.models import OneTimeCode, Session, User
from accounts.services import addresses, codes, sessions
from accounts.services.codes import LinkRefused
from accounts.services.sign_up import join
from accounts.tests.factories import PASSWORD, make_person
from core.actors import acting_as_service

pytestmark = pytest.mark.usefixtures("transactional_db")
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


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
