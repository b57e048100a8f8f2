"""Joining and being found, below the pages."""

import pytest
from django.db import IntegrityError, transaction

from accounts import audit
from accounts.models import AuditEvent, Customer, Notification, Profile, User
from accounts.services import EmailTaken, RecipientNotFound, find_recipient, notify, register
from accounts.tests.factories import make_person
from config.settings import base
from core.actors import Origin, acting_as, acting_as_anon, acting_as_service, from_origin

pytestmark = pytest.mark.django_db


def counts() -> list[int]:
    with acting_as_service():
        return [model.objects.count() for model in (User, Customer, Profile, AuditEvent)]


def test_joining_makes_a_user_a_customer_a_profile_and_a_line_in_the_trail():
    user = register(user=User(email="Ada@Example.COM"), display_name="  Ada Obi ")
    assert user.email == "ada@example.com"
    assert counts() == [1, 1, 1, 1]
    with acting_as(user):
        assert Customer.objects.get().tier == 1
        assert Profile.objects.get().handle == "ada_obi"
        event = AuditEvent.objects.get()
    assert (event.action, event.target_id, event.actor_id) == (
        "accounts.user.registered",
        str(user.id),
        user.id,
    )


@pytest.mark.parametrize("step", ["Customer.objects.create", "_create_profile", "audit.record"])
def test_joining_happens_whole_or_not_at_all(monkeypatch, step):
    def fail(*_args, **_kwargs):
        raise RuntimeError(step)

    monkeypatch.setattr(f"accounts.services.people.{step}", fail)
    with pytest.raises(RuntimeError):
        register(user=User(email="ada@example.com"), display_name="Ada")
    assert counts() == [0, 0, 0, 0]


@pytest.mark.parametrize("email", ["ada@example.com", "ADA@example.com", "Ada@Example.Com"])
def test_an_address_belongs_to_one_user_however_it_is_written(email):
    register(user=User(email="ada@example.com"), display_name="Ada")
    with pytest.raises(EmailTaken):
        register(user=User(email=email), display_name="Another")
    assert counts() == [1, 1, 1, 1]


def test_the_database_itself_refuses_an_address_with_capitals_and_an_unknown_role():
    for fields in ({"email": "Ada@example.com"}, {"email": "ada@example.com", "role": "KING"}):
        with acting_as_service(), pytest.raises(IntegrityError), transaction.atomic():
            User(**fields).save()


def test_a_taken_handle_gets_digits_and_when_those_are_taken_too_one_of_its_own(monkeypatch):
    monkeypatch.setattr("accounts.services.people.secrets.randbelow", lambda _limit: 7)
    handles = []
    for number in range(3):
        user = register(user=User(email=f"ada{number}@example.com"), display_name="Ada Obi")
        with acting_as(user):
            handles.append(Profile.objects.get().handle)
    assert handles[:2] == ["ada_obi", "ada_obi_7"]
    assert handles[2] == f"saver_{user.id.hex[-20:]}"


@pytest.mark.parametrize("text", ["ada_obi", "@ada_obi", " @Ada_Obi ", "ada@example.com", "ADA@Example.com "])
def test_a_customer_is_found_by_the_exact_handle_or_address(text):
    user = make_person(name="Ada Obi", email="ada@example.com")
    found = find_recipient(text=text)
    assert (found.user_id, found.handle, found.display_name) == (user.id, "ada_obi", "Ada Obi")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "@",
        "ada",
        "ada_ob",
        "ada_%",
        "%",
        "_______",
        "Ada Obi",
        "ada@",
        "example.com",
        "@@ada_obi",
        "ada\x00obi",
        "\ud800",
        "x" * 10_000,
        "' or 1=1 --",
        "ada_obi\u200b",
        "аda_obi",
    ],
)
def test_what_is_not_exact_finds_nobody(text):
    make_person(name="Ada Obi", email="ada@example.com")
    with pytest.raises(RecipientNotFound):
        find_recipient(text=text)


@pytest.mark.parametrize(
    "close",
    [
        lambda user: Customer.objects.filter(user=user).update(status=Customer.Status.LOCKED),
        lambda user: Customer.objects.filter(user=user).update(status=Customer.Status.CLOSED),
        lambda user: User.objects.filter(pk=user.pk).update(is_active=False),
        lambda user: Customer.objects.filter(user=user).delete(),
    ],
    ids=["locked", "closed", "inactive", "no customer"],
)
def test_who_cannot_receive_is_not_found(close):
    user = make_person(name="Ada Obi", email="ada@example.com")
    with acting_as_service():
        close(user)
    for text in ("ada_obi", "ada@example.com"):
        with pytest.raises(RecipientNotFound):
            find_recipient(text=text)


def test_a_customer_can_look_another_up_but_sees_no_more_than_a_name():
    ada, bola = make_person(name="Ada Obi"), make_person(name="Bola Ade")
    with acting_as(bola):
        assert find_recipient(text="ada_obi").user_id == ada.id
        assert not Profile.objects.filter(user=ada).exists()
        assert not User.objects.filter(pk=ada.pk).exists()


def test_a_notice_reaches_another_person_from_within_ones_own_deed():
    ada, bola = make_person(name="Ada Obi"), make_person(name="Bola Ade")
    with acting_as(ada):
        notify(notices=[Notification(user=bola, event="wallet.transfer.received", data={"amount": 100})])
        assert not Notification.objects.visible_to(bola).exists()
    with acting_as(bola):
        assert Notification.objects.visible_to(bola).unread().get().data == {"amount": 100}


def test_the_trail_says_who_did_what_to_what_from_where():
    ada = make_person()
    with from_origin(Origin(request_id="abc", ip="2001:db8::1", user_agent="Phone")), acting_as(ada):
        audit.record(action="test.done", target=ada, amount=5)
        event = AuditEvent.objects.get(action="test.done")
    assert (event.actor_id, event.actor_role, event.target_type) == (ada.id, "authenticated", "accounts.user")
    assert (event.ip, event.user_agent, event.request_id) == ("2001:db8::1", "Phone", "abc")
    assert event.data == {"amount": 5}


def test_the_trail_names_the_person_the_service_works_for():
    ada = make_person()
    with acting_as(ada), acting_as_service():
        audit.record(action="test.done")
        event = AuditEvent.objects.get(action="test.done")
    assert (event.actor_id, event.actor_role) == (ada.id, "service_role")


def test_a_deed_that_is_taken_back_leaves_no_line():
    ada = make_person()
    with pytest.raises(RuntimeError), acting_as(ada):
        audit.record(action="test.done")
        raise RuntimeError
    with acting_as_service():
        assert not AuditEvent.objects.filter(action="test.done").exists()


def test_a_stranger_cannot_write_to_the_trail():
    with pytest.raises(Exception, match="permission denied"), acting_as_anon():
        audit.record(action="test.done")


def test_passwords_are_kept_as_argon2(settings):
    settings.PASSWORD_HASHERS = base.PASSWORD_HASHERS
    user = User(email="ada@example.com")
    user.set_password("a-long-enough-secret")
    assert user.password.startswith("argon2$argon2id$")
    assert user.check_password("a-long-enough-secret")


def test_an_imported_bcrypt_password_verifies_and_is_upgraded(settings):
    pytest.importorskip("bcrypt")
    settings.PASSWORD_HASHERS = base.PASSWORD_HASHERS[::-1]
    user = User(email="ada@example.com")
    user.set_password("a-long-enough-secret")
    with acting_as_service():
        register(user=user, display_name="Ada")
        settings.PASSWORD_HASHERS = base.PASSWORD_HASHERS
        assert user.check_password("a-long-enough-secret")
        assert User.objects.get().password.startswith("argon2$")
