"""The pages about API keys in a browser: empty, in use, refused, full; with and without scripts."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import ApiKey, Organization, User
from accounts.services import api_keys
from accounts.tests.factories import PASSWORD, make_organization, make_person, prove_factor
from config.tests.browsing import DESKTOP, PHONE, Look, Visitor
from core.actors import acting_as_service

LOOKS = [
    Look(DESKTOP),
    Look(PHONE, "dark"),
    Look(PHONE, scripts=False),
]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.parametrize("visitor", LOOKS, indirect=True, ids=lambda look: str(look)),
]


@pytest.fixture
def ada(site: str) -> User:
    return make_person(name="Ada Obi", email="ada@alajo.test")


@pytest.fixture
def firm(ada: User) -> Organization:
    return make_organization(owner=ada, name="Ada Foods")


def make(firm: Organization, by: User, name: str, **facts: object) -> ApiKey:
    order = {"mode": "TEST", "scopes": ["accounts:read"], "at": timezone.now(), **facts}
    return api_keys.make(organization_id=firm.pk, by=by, name=name, **order).key


def press(visitor: Visitor, name: str) -> None:
    visitor.page.get_by_role("main").get_by_role("button", name=name, exact=True).click()


def test_a_key_from_making_to_revoking(visitor: Visitor, firm: Organization, ada: User) -> None:
    page, keys = visitor.page, f"/organizations/{firm.slug}/keys/"
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill(ada.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(visitor, "Log in")
    page.wait_for_url("**/home/")
    prove_factor(ada)
    visitor.go(keys)
    expect(page.get_by_role("main")).to_contain_text("No keys yet")
    visitor.check()
    page.get_by_role("main").get_by_role("link", name="Make a key").click()
    page.get_by_label("From where it may be used").fill("here")
    press(visitor, "Make the key")
    expect(page.get_by_role("alert")).to_contain_text("Please check")
    visitor.check()
    page.get_by_label("Name").fill("Shop backend")
    page.get_by_label("See accounts and their balances").check()
    page.get_by_label("Send money").check()
    page.get_by_label("From where it may be used").fill("203.0.113.0/24\n2001:db8::/32")
    press(visitor, "Make the key")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your new key")
    expect(page.locator(".copy-row__value")).to_contain_text("alj_test_")
    visitor.check()
    page.get_by_role("link", name="I have copied it").click()
    expect(page.get_by_role("main")).not_to_contain_text("alj_test_0")
    page.get_by_role("link", name="Roll Shop backend").click()
    expect(page.get_by_label("In 7 days")).to_be_visible()
    visitor.check()
    page.get_by_label("In 7 days").check()
    press(visitor, "Make the new key")
    expect(page.locator(".copy-row__value")).to_contain_text("alj_test_")
    old, new = (make(firm, ada, name, mode="LIVE") for name in ("Till in the market of Ìbàdàn", "Payroll"))
    api_keys.revoke(key_id=old.pk, by=ada, at=timezone.now())
    with acting_as_service():
        ApiKey.objects.filter(pk=new.pk).update(last_used_at=timezone.now() - timedelta(minutes=3))
    visitor.go(keys)
    page.get_by_text("1 key that ended").click()
    visitor.check()
    visitor.go(f"{keys}{new.pk}/change/")
    visitor.check()
    visitor.go(f"{keys}{new.pk}/revoke/")
    visitor.check()
    press(visitor, "Revoke it")
    expect(page.get_by_role("main")).to_contain_text("“Payroll” is revoked.")
    for number in range(48):
        make(firm, ada, f"Key {number}")
    visitor.go(keys)
    expect(page.get_by_role("main")).to_contain_text("All 50 keys are in use")
