"""The admin API: who may use it, what it can do to customers, and what it cannot."""

import json
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core import mail
from django.utils import timezone

from accounts import access_tokens, factors
from accounts.models import Session, User
from accounts.services import sessions
from accounts.tests.factories import PASSWORD, make_person
from accounts.tests.service import actions, ask, password_login
from accounts.tests.wire import call, log_in
from core.actors import acting_as_service
from wallet.tests.factories import make_wallet

pytestmark = pytest.mark.usefixtures("transactional_db")
SOMEBODY = "018f2b7e-0000-7000-8000-000000000001"
ENDPOINTS = [
    ("GET", "admin/users"),
    ("POST", "admin/users"),
    ("GET", f"admin/users/{SOMEBODY}"),
    ("PUT", f"admin/users/{SOMEBODY}"),
    ("DELETE", f"admin/users/{SOMEBODY}"),
    ("GET", f"admin/users/{SOMEBODY}/factors"),
    ("DELETE", f"admin/users/{SOMEBODY}/factors/{SOMEBODY}"),
    ("POST", "invite"),
    ("POST", "admin/generate_link"),
    ("GET", "admin/audit"),
]


@pytest.fixture
def ada() -> User:
    user = make_person(email="ada@alajo.test")
    with acting_as_service():
        User.objects.filter(pk=user.pk).update(email_confirmed_at=timezone.now())
    return user


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_only_the_service_key_opens_it(client, ada, method, path):
    assert ask(client, method, path, {}, 403, access_tokens.static_key("anon")) == {
        "code": "not_admin",
        "message": "User not allowed",
    }
    token = log_in(client)["access_token"]
    answer = call(client, method, path, {}, bearer=token)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_admin")
    with_service_key_but_as_a_person = client.generic(
        method,
        f"/auth/v1/{path}",
        "{}",
        "application/json",
        headers={"apikey": access_tokens.static_key("service_role"), "Authorization": f"Bearer {token}"},
    )
    assert with_service_key_but_as_a_person.status_code == 403
    assert client.generic(method, f"/auth/v1/{path}", "{}", "application/json").status_code == 401
    forged = access_tokens.jwt.encode({"role": "service_role", "exp": 2_300_000_000}, "x" * 32, "HS256")
    assert ask(client, method, path, {}, 401, forged)["code"] == "no_authorization"


def test_people_are_listed_newest_first_by_page(client):
    for number in range(5):
        make_person(email=f"p{number}@alajo.test")
    make_person(email="staff@alajo.test", role="ADMIN")
    key = access_tokens.static_key("service_role")
    headers = {"apikey": key, "Authorization": f"Bearer {key}"}
    answer = client.get("/auth/v1/admin/users?page=2&per_page=2", headers=headers)
    assert [user["email"] for user in answer.json()["users"]] == ["p2@alajo.test", "p1@alajo.test"]
    assert answer.json()["aud"] == "authenticated"
    assert answer["X-Total-Count"] == "5"
    assert answer["Link"] == (
        '</auth/v1/admin/users?page=3&per_page=2>; rel="next", '
        '</auth/v1/admin/users?page=3&per_page=2>; rel="last"'
    )
    answer = client.get("/auth/v1/admin/users?page=3&per_page=2", headers=headers)
    assert answer["Link"] == '</auth/v1/admin/users?page=3&per_page=2>; rel="last"'
    assert len(ask(client, "GET", "admin/users?filter=P3@")["users"]) == 1
    assert ask(client, "GET", "admin/users?filter=100%25_")["users"] == []


@pytest.mark.parametrize("query", ["page=0", "page=-1", "page=x", "per_page=0", "per_page=1001", "page=9e9"])
def test_a_page_that_is_none_is_refused(client, query):
    refusal = ask(client, "GET", f"admin/users?{query}", status=400)
    assert refusal["message"].startswith("Bad Pagination Parameters: ")


def test_the_list_asks_the_same_number_of_questions_for_one_and_for_many(
    client, django_assert_max_num_queries
):
    for number in range(8):
        make_person(email=f"p{number}@alajo.test")
    with django_assert_max_num_queries(8):
        ask(client, "GET", "admin/users")


def test_somebody_is_made_read_changed(client):
    made = ask(
        client,
        "POST",
        "admin/users",
        {
            "email": "New@alajo.test",
            "password": "secret12",
            "email_confirm": True,
            "user_metadata": {"a": 1, "b": 2},
            "app_metadata": {"plan": "gold"},
        },
    )
    assert made["email"] == "new@alajo.test"
    assert made["user_metadata"] == {"a": 1, "b": 2}
    assert made["app_metadata"] == {"provider": "email", "providers": ["email"], "plan": "gold"}
    assert made["email_confirmed_at"]
    assert mail.outbox == []
    assert password_login(client, "new@alajo.test", "secret12") == 200
    assert ask(client, "GET", f"admin/users/{made['id']}")["email"] == "new@alajo.test"
    changes = {
        "user_metadata": {"b": None, "c": 3},
        "app_metadata": {"plan": None},
        "password": "other-secret",
    }
    changed = ask(client, "PUT", f"admin/users/{made['id']}", changes)
    assert changed["user_metadata"] == {"a": 1, "c": 3}
    assert "plan" not in changed["app_metadata"]
    assert password_login(client, "new@alajo.test", "secret12") == 400
    assert password_login(client, "new@alajo.test", "other-secret") == 200
    assert actions().count("accounts.user.changed_by_service") == 2


def test_somebody_is_made_under_the_id_that_is_asked_for(client, ada):
    made = ask(client, "POST", "admin/users", {"id": SOMEBODY, "email": "new@alajo.test"})
    assert made["id"] == SOMEBODY
    for taken in (SOMEBODY, str(ada.id), "nonsense"):
        ask(client, "POST", "admin/users", {"id": taken, "email": "b@alajo.test"}, 400)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "validation_failed"),
        ({"email": "nonsense"}, 400, "validation_failed"),
        ({"email": "ADA@alajo.test"}, 422, "email_exists"),
        ({"email": "b@alajo.test", "password": "short"}, 422, "weak_password"),
        ({"email": "b@alajo.test", "password": "é" * 40}, 422, "weak_password"),
        (
            {"email": "b@alajo.test", "password": "long-enough", "password_hash": "x"},
            400,
            "validation_failed",
        ),
        ({"email": "b@alajo.test", "password_hash": "md5$a$b"}, 400, "validation_failed"),
        ({"email": "b@alajo.test", "password_hash": "$2a$31$" + "a" * 53}, 400, "validation_failed"),
        (
            {
                "email": "b@alajo.test",
                "password_hash": "$argon2id$v=19$m=999999,t=2,p=1$c2FsdHNhbHQ$" + "a" * 43,
            },
            400,
            "validation_failed",
        ),
        ({"email": "b@alajo.test", "role": "service_role"}, 400, "validation_failed"),
        ({"email": "b@alajo.test", "ban_duration": "forever"}, 400, "validation_failed"),
        ({"email": "b@alajo.test", "ban_duration": "-24h"}, 400, "validation_failed"),
        ({"email": "b@alajo.test", "ban_duration": "24h; drop"}, 400, "validation_failed"),
        ({"email": "b@alajo.test", "ban_duration": "99999999h"}, 400, "validation_failed"),
        ({"email": "b@alajo.test", "user_metadata": []}, 400, "validation_failed"),
        ({"email": "b@alajo.test", "email_confirm": "yes"}, 400, "validation_failed"),
        ({"phone": "+2348000000000"}, 422, "phone_provider_disabled"),
    ],
)
def test_what_making_somebody_refuses(client, ada, body, status, code):
    assert ask(client, "POST", "admin/users", body, status)["code"] == code
    with acting_as_service():
        assert User.objects.get() == ada


@pytest.mark.parametrize(
    "change", [{"ban_duration": "forever"}, {"email": "bola@alajo.test"}, {"password_hash": "x"}]
)
def test_a_change_that_is_refused_changes_nothing_else(client, ada, change):
    make_person(email="bola@alajo.test")
    token = log_in(client)["access_token"]
    body = {"user_metadata": {"a": 1}, "password": "another-secret", **change}
    if "password_hash" in change:
        del body["password"]
    assert ask(client, "PUT", f"admin/users/{ada.id}", body, 422 if "email" in change else 400)
    user = call(client, "GET", "user", bearer=token).json()
    assert (user["email"], user["user_metadata"]) == ("ada@alajo.test", {})
    assert password_login(client, "ada@alajo.test", PASSWORD) == 200


def test_metadata_keeps_any_number_that_json_has(client, ada):
    kept = ask(client, "PUT", f"admin/users/{ada.id}", {"user_metadata": {"score": 1.5, "in": [{"x": 2e3}]}})
    assert kept["user_metadata"] == {"score": 1.5, "in": [{"x": 2000.0}]}
    for wrong in ({"n": "x" * 20_000}, "text", [1]):
        ask(client, "PUT", f"admin/users/{ada.id}", {"user_metadata": wrong}, 400)
    raw = '{"user_metadata": {"n": 9.9e308}}'
    key = access_tokens.static_key("service_role")
    headers = {"apikey": key, "Authorization": f"Bearer {key}"}
    path = f"/auth/v1/admin/users/{ada.id}"
    assert client.put(path, raw, "application/json", headers=headers).status_code == 400


def test_rights_of_ours_are_not_in_its_reach(client, ada):
    body = {
        "is_superuser": True,
        "is_staff": True,
        "tier": 3,
        "app_metadata": {"role": "ADMIN"},
        "is_active": False,
    }
    ask(client, "PUT", f"admin/users/{ada.id}", body)
    with acting_as_service():
        user = User.objects.select_related("customer").get(pk=ada.pk)
    assert (user.role, user.is_superuser, user.is_active, user.customer.tier) == ("USER", False, True, 1)


@pytest.mark.parametrize("role", ["AGENT", "ADMIN"])
def test_staff_are_out_of_its_reach(client, role):
    boss = make_person(email="boss@alajo.test", role=role)
    for method in ("GET", "PUT", "DELETE"):
        body = {"password": "taken-over"} if method == "PUT" else None
        assert ask(client, method, f"admin/users/{boss.id}", body, 404)["code"] == "user_not_found"
    for kind in ("recovery", "magiclink", "invite"):
        body = {"type": kind, "email": "boss@alajo.test"}
        call_status = ask(client, "POST", "admin/generate_link", body, 404 if kind == "recovery" else 422)
        assert "action_link" not in call_status
    with acting_as_service():
        boss.refresh_from_db()
    assert boss.check_password(PASSWORD)


def test_who_is_not_there_is_not_found(client):
    assert ask(client, "GET", "admin/users/nonsense", status=404)["code"] == "validation_failed"
    assert ask(client, "GET", f"admin/users/{SOMEBODY}", status=404)["code"] == "user_not_found"


def test_a_ban_ends_sessions_and_keeps_out_until_it_ends(client, ada):
    token = log_in(client)["access_token"]
    banned = ask(client, "PUT", f"admin/users/{ada.id}", {"ban_duration": "1h30m"})
    until = timezone.datetime.fromisoformat(banned["banned_until"])
    assert timedelta(minutes=89) < until - timezone.now() <= timedelta(minutes=90)
    assert call(client, "GET", "user", bearer=token).status_code == 403
    assert password_login(client, "ada@alajo.test", PASSWORD) == 400
    assert "banned_until" not in ask(client, "PUT", f"admin/users/{ada.id}", {"ban_duration": "none"})
    assert password_login(client, "ada@alajo.test", PASSWORD) == 200


def test_a_new_password_ends_every_session(client, ada):
    token = log_in(client)["access_token"]
    ask(client, "PUT", f"admin/users/{ada.id}", {"password": "another-secret"})
    assert call(client, "GET", "user", bearer=token).status_code == 403


def test_an_address_is_changed_and_not_confirmed_by_that_alone(client, ada):
    changed = ask(client, "PUT", f"admin/users/{ada.id}", {"email": "Ada2@alajo.test"})
    assert changed["email"] == "ada2@alajo.test"
    assert "email_confirmed_at" not in changed
    assert {letter.to[0] for letter in mail.outbox} == {"ada@alajo.test", "ada2@alajo.test"}
    with acting_as_service():
        assert not EmailAddress.objects.get(user=ada).verified
    assert ask(client, "PUT", f"admin/users/{ada.id}", {"email_confirm": True})["email_confirmed_at"]
    assert password_login(client, "ada2@alajo.test", PASSWORD) == 200
    make_person(email="bola@alajo.test")
    refusal = ask(client, "PUT", f"admin/users/{ada.id}", {"email": "bola@alajo.test"}, 422)
    assert refusal["code"] == "email_exists"


def test_who_did_nothing_is_erased(client, ada):
    token = log_in(client)["access_token"]
    assert ask(client, "DELETE", f"admin/users/{ada.id}", {}) == {}
    with acting_as_service():
        assert not User.objects.exists()
        assert not EmailAddress.objects.exists()
        assert not Session.objects.exists()
    assert call(client, "GET", "user", bearer=token).status_code == 403
    assert "accounts.user.removed" in actions()


def test_who_is_to_be_kept_is_kept_and_shut_out(client, ada):
    tokens = log_in(client)
    ask(client, "DELETE", f"admin/users/{ada.id}", {"should_soft_delete": True})
    assert ask(client, "GET", f"admin/users/{ada.id}")["deleted_at"]
    assert call(client, "GET", "user", bearer=tokens["access_token"]).status_code == 403
    body = {"refresh_token": tokens["refresh_token"]}
    assert call(client, "POST", "token?grant_type=refresh_token", body).status_code == 400
    assert password_login(client, "ada@alajo.test", PASSWORD) == 400


def test_who_has_something_in_their_name_is_never_erased(client, ada):
    with acting_as_service():
        firm = ada.memberships.model.organization.field.related_model.objects.create(
            name="F", slug="firm-one"
        )
        firm.memberships.create(user=ada, role="OWNER")
    ask(client, "DELETE", f"admin/users/{ada.id}", {})
    with acting_as_service():
        ada.refresh_from_db()
        assert ada.profile.handle
        assert ada.customer
    assert ada.deleted_at
    assert not ada.is_active


def test_who_holds_money_is_never_erased(client, ada):
    wallet = make_wallet(ada, amount=100_00)
    ask(client, "DELETE", f"admin/users/{ada.id}", {})
    with acting_as_service():
        ada.refresh_from_db()
        wallet.refresh_from_db()
    assert ada.deleted_at
    assert (wallet.owner_id, wallet.balance) == (ada.id, 100_00)


def test_factors_are_listed_and_taken_from_their_own_person_only(client, ada):
    factors.enrol_totp(user=ada)
    with acting_as_service():
        Authenticator.objects.create(user=ada, type="recovery_codes", data={"seed": "x", "used_mask": 0})
    (factor,) = ask(client, "GET", f"admin/users/{ada.id}/factors")
    assert factor["factor_type"] == "totp"
    assert "secret" not in json.dumps(factor)
    bola = make_person(email="bola@alajo.test")
    refusal = ask(client, "DELETE", f"admin/users/{bola.id}/factors/{factor['id']}", status=404)
    assert refusal["code"] == "mfa_factor_not_found"
    assert ask(client, "DELETE", f"admin/users/{ada.id}/factors/{factor['id']}")["id"] == factor["id"]
    with acting_as_service():
        assert not Authenticator.objects.exists()
    assert "accounts.factor.removed_by_service" in actions()


def test_a_session_proven_by_a_factor_that_is_taken_falls_back(client, ada):
    at = timezone.now()
    session = sessions.start(user=ada, face=Session.Face.APP, method="password", at=at)
    factors.enrol_totp(user=ada)
    assert sessions.prove(session_id=session.pk, method="totp", at=at).level == "aal2"
    (factor,) = ask(client, "GET", f"admin/users/{ada.id}/factors")
    ask(client, "DELETE", f"admin/users/{ada.id}/factors/{factor['id']}")
    with acting_as_service():
        session.refresh_from_db()
    assert (session.level, [proof["method"] for proof in session.methods]) == ("aal1", ["password"])
