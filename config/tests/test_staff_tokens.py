"""A token of a member of staff is a customer's: no right of staff comes by an app, and no rule of theirs is got round.

Staff work in a browser, whose session is short. So no address of the API knows a role: this walks each of them,
with the access token of a superuser past the second factor and with that of an app which they let in.
"""

import json
import re
from collections.abc import Iterator
from secrets import token_urlsafe
from typing import Any

import pytest
from allauth.idp.oidc.adapter import get_adapter
from allauth.idp.oidc.models import Token
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import access_tokens
from accounts.models import User, WebhookDelivery
from accounts.services import account_life, apps, sessions
from accounts.tests.factories import bearer, make_organization, make_person, prove_factor, sign_in
from accounts.tests.receivers import make_endpoint, plan
from core.actors import acting_as, acting_as_service
from core.api.ids import encode
from core.api.scopes import all_scopes
from wallet.models import Account, Transaction
from wallet.tests.factories import make_wallet

pytestmark = pytest.mark.usefixtures("transactional_db")

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
WALKED = ("api/v1/", "auth/v1/admin/", "auth/v1/invite")
# What says how the server is, not whose rows there are.
PUBLIC = {"api/v1/schema"}
HERS = ("ada@alajo.test", "Ada Obi", "Ada Foods", "4711")


def addresses(patterns: list[Any], before: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and route.startswith(WALKED) and route not in PUBLIC:
            yield route


@pytest.fixture
def ada() -> User:
    user = make_person(name="Ada Obi", email="ada@alajo.test")
    make_wallet(user, amount=471100)
    return user


@pytest.fixture
def boss(ada: User) -> User:
    """A superuser in every group, whose own wallet is open as a customer's would be."""
    user = make_person(name="Boss Man", role="ADMIN")
    with acting_as_service():
        User.objects.filter(pk=user.pk).update(is_superuser=True)
        user.groups.set(Group.objects.all())
    prove_factor(user)
    return user


def strong_token(user: User) -> str:
    at = timezone.now()
    session = sessions.start(user=user, face="APP", method="password", at=at)
    session = sessions.prove(session_id=session.pk, method="totp", at=at)
    return f"Bearer {access_tokens.issue(user=user, session=session, at=at)}"


def app_token(user: User) -> str:
    scopes, value = [*all_scopes()], token_urlsafe(64)
    app = apps.register(name="Book Keeper", redirect_uris=[], scopes=scopes, public=True).client
    with acting_as_service():
        token = Token(
            user=user, client=app, type=Token.Type.ACCESS_TOKEN, hash=get_adapter().hash_token(value)
        )
        token.set_scopes(scopes)
        token.save()
        apps.let_in(user_id=user.pk, client_id=app.pk, scopes=scopes, at=timezone.now())
    return f"Bearer {value}"


def filled(route: str, ada: User) -> str:
    """The address of what is hers: each id in it is one of her rows."""
    with acting_as_service():
        account, posted = Account.objects.get(owner=ada), Transaction.objects.first()
        firm = ada.memberships.get()
        delivery = WebhookDelivery.objects.get(organization=firm.organization_id)
    ids = {
        "webhook-endpoints": encode("whe", delivery.endpoint_id),
        "webhook-deliveries": encode("whd", delivery.pk),
        "events": encode("evt", delivery.message_id),
        "accounts": encode("acc", account.pk),
        "transactions": encode("txn", posted.pk),
        "transfers": encode("trf", posted.posting_id),
        "deposits": encode("dep", posted.posting_id),
        "organizations": encode("org", firm.organization_id),
        "members": encode("mem", firm.pk),
        "users": str(ada.pk),
    }
    # Of what she has none of, an id in its form: an answer repeats the address, and must not repeat hers.
    none = encode("non", posted.pk)
    return "/" + re.sub(r"([\w-]+)/<str:\w+>", lambda found: f"{found[1]}/{ids.get(found[1], none)}", route)


@pytest.mark.parametrize("token_of", [strong_token, app_token])
def test_no_address_gives_staff_more_than_a_customer(ada, boss, token_of):
    firm = make_organization(owner=ada, name="Ada Foods")
    make_endpoint(firm, ada)
    plan(firm, "member.joined")
    plain = make_person(name="Plain Person")
    prove_factor(plain)  # as the boss has: what tells them apart is their role alone
    tokens = {"staff": token_of(boss), "customer": token_of(plain)}
    assert Client().get("/api/v1/accounts", headers={"authorization": tokens["staff"]}).status_code == 200
    routes = list(addresses(get_resolver().url_patterns))
    assert len(routes) > 15
    for route in routes:
        cache.clear()  # there are more of them than anybody may call in a minute
        where = filled(route, ada)
        for method in METHODS:
            status = {}
            for who, token in tokens.items():
                client = APIClient(raise_request_exception=False)
                body = (
                    {"email": "new@alajo.test", "role": "ADMIN", "amount": 100} if method != "GET" else None
                )
                answer = client.generic(
                    method,
                    where,
                    "" if body is None else json.dumps(body),
                    "application/json",
                    headers={"authorization": token, "apikey": access_tokens.static_key("anon")},
                )
                status[who] = answer.status_code
                if not route.startswith("auth/v1/") or answer.status_code < 400:
                    text = answer.content.decode()
                    assert not [fact for fact in (*HERS, str(ada.pk)) if fact in text], (method, where)
            assert status["staff"] == status["customer"], (method, where, status)
            if route.startswith("auth/v1/"):
                assert status["staff"] >= 400, (method, where)
    with acting_as_service():
        assert User.objects.get(pk=ada.pk).email == "ada@alajo.test"
        assert Account.objects.get(owner=ada).balance == 471100
        assert not User.objects.filter(email="new@alajo.test").exists()
        assert ada.memberships.get().role == "OWNER"


def test_the_admin_api_refuses_a_superusers_token_by_name(boss):
    answer = Client().get(
        "/auth/v1/admin/users",
        headers={"authorization": strong_token(boss), "apikey": access_tokens.static_key("anon")},
    )
    assert (answer.status_code, answer.json()["error_code" if "error_code" in answer.json() else "code"]) == (
        403,
        "not_admin",
    )


def test_a_staff_token_opens_no_staff_page_and_no_page_at_all(boss):
    for token in (bearer(boss)["Authorization"], strong_token(boss)):
        for page in ("/staff/", "/staff/accounts/user/", "/home/", "/security/"):
            answer = Client().get(page, headers={"authorization": token})
            assert answer.status_code == 302 and "log" in answer.url


def test_in_the_database_a_staff_token_is_a_person_like_any_other(ada, boss):
    with acting_as(boss):
        assert [user.pk for user in User.objects.all()] == [boss.pk]
        assert not Account.objects.exists() and not Transaction.objects.exists()


def test_one_press_ends_the_tokens_of_staff_too(boss):
    token = app_token(boss)
    api = [strong_token(boss), bearer(boss)["Authorization"], token]
    client = APIClient()
    for each in api:
        assert client.get("/api/v1/accounts", headers={"authorization": each}).status_code == 200
    account_life.end_staff_sessions(by=boss, reason="A laptop was stolen", at=timezone.now())
    for each in api:
        assert client.get("/api/v1/accounts", headers={"authorization": each}).status_code == 401


def test_staff_who_signed_in_by_an_app_have_no_session_in_a_browser(boss):
    """The rules of a staff browser hold for the browser that signed in, whatever other sign-ins there are."""
    client = Client()
    sign_in(client, boss)
    assert client.get("/staff/").status_code == 302
    strong_token(boss)
    assert client.get("/staff/").status_code == 302
