"""The links in mails, in a browser: a page with a button, and from there on to the app that asked."""

import re

import pytest
from django.core import mail
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import OneTimeCode, User
from accounts.services import codes
from accounts.tests.factories import make_person
from config.tests.browsing import PHONE, Look, Visitor
from core.actors import acting_as_service

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]
looks = pytest.mark.parametrize(
    "visitor",
    [Look(PHONE, "dark"), Look(PHONE, scripts=False)],
    indirect=True,
    ids=lambda look: str(look),
)


@pytest.fixture
def app(site, settings) -> str:
    """An app at another origin than ours, which happens to be answered by the same server."""
    origin = site.replace("localhost", "127.0.0.1")
    settings.REDIRECT_ALLOW_LIST = [f"{origin}/**"]
    return f"{origin}/help/"


def mailed_link(purpose: str, app: str, **asked: str) -> str:
    user = make_person(email="ada@alajo.test")
    with acting_as_service():
        User.objects.filter(pk=user.pk).update(email_confirmed_at=timezone.now())
    codes.send_code(user=user, purpose=purpose, at=timezone.now(), redirect_to=app, **asked)
    return re.search(r"http://\S+/auth/v1/verify\S+", mail.outbox[-1].body)[0]


@looks
def test_the_button_leads_to_the_app_with_a_session(visitor: Visitor, app):
    visitor.go(mailed_link("magiclink", app))
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Log in to Alajo")
    with acting_as_service():
        assert OneTimeCode.objects.get().used_at is None
    visitor.page.get_by_role("main").get_by_role("button", name="Log in").click()
    visitor.page.wait_for_url(re.compile(re.escape(app) + "#access_token="))


@looks
def test_a_dead_link_says_so(visitor: Visitor, site):
    visitor.go(f"{site}/auth/v1/verify?token=x&type=recovery")
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("This link does not work")
