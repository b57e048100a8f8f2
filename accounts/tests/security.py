"""People at their security pages, from a browser and an address of their own."""

import re

from django.core import mail
from django.test import Client

from accounts.models import AuditEvent, Customer, Session, User
from accounts.tests.factories import PASSWORD
from accounts.tests.test_sign_in import log_in, signed_in
from core.actors import acting_as_service

ANOTHER = "another-long-secret"
CHROME = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36"
NEWER_CHROME = CHROME.replace("130", "131")
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"


def browser(agent: str = CHROME, address: str = "203.0.113.7") -> Client:
    return Client(headers={"user-agent": agent, "x-forwarded-for": address})


def came_in(agent: str = CHROME, address: str = "203.0.113.7", password: str = PASSWORD) -> Client:
    client = browser(agent, address)
    log_in(client, password=password)
    assert signed_in(client)
    return client


def sessions_of(user: User) -> list[Session]:
    with acting_as_service():
        return list(Session.objects.filter(user=user).live().order_by("pk"))


def customer(user: User) -> Customer:
    with acting_as_service():
        return Customer.objects.get(pk=user.pk)


def actions(user: User) -> list[str]:
    with acting_as_service():
        return list(
            AuditEvent.objects.filter(actor_id=user.pk).order_by("pk").values_list("action", flat=True)
        )


def choose_password_by_mail(password: str) -> None:
    link = re.search(r"http://testserver(/accounts/password/reset/key/\S+)", mail.outbox[-1].body)[1]
    client = browser()
    form = client.get(link).url
    assert client.post(form, {"password1": password, "password2": password}).status_code == 302
