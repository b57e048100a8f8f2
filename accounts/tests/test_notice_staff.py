"""Staff see that notices went out, not what they say, and have one that failed sent again."""

from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts import roles
from accounts.models import AuditEvent, NotificationDelivery, User
from accounts.tests.noticing import delivery, tell
from config.tests.test_trail import as_role
from core.actors import acting_as_service
from core.dev import texts
from wallet.tests.demo_world import make_demo_world

pytestmark = pytest.mark.django_db(transaction=True)
AGENT = "agent@alajo.test"


@pytest.fixture
def support() -> Client:
    make_demo_world()
    return as_role(roles.SUPPORT)


@pytest.fixture
def failed(support) -> NotificationDelivery:
    with acting_as_service():
        ada = User.objects.get(email="ada@alajo.test")
        notice = tell(ada, "transfer.received", name="Bola Secret", note="for the rent")
        facts = {"channel": "EMAIL", "state": "FAILED", "error": "refused", "tries": 1}
        return NotificationDelivery.objects.create(
            notification=notice, user=ada, not_before=notice.created_at, **facts
        )


def page(row: NotificationDelivery) -> str:
    return reverse("admin:accounts_notificationdelivery_change", args=[row.pk])


def again(row: NotificationDelivery) -> str:
    return reverse("admin:accounts_notificationdelivery_again", args=[row.pk])


def test_the_pages_say_how_it_went_and_nothing_of_what_it_says(support, failed):
    for address in (reverse("admin:accounts_notificationdelivery_changelist"), page(failed)):
        html = support.get(address).content.decode()
        assert "Money in" in html and "The service that sends refused it" in html
        for secret in ("Bola Secret", "for the rent", "2,500", "250000", "ada@alajo.test"):
            assert secret not in html


def test_it_is_found_by_its_notice_and_by_its_person(support, failed):
    listing = reverse("admin:accounts_notificationdelivery_changelist")
    for term in (failed.pk, failed.notification_id, "ada@"):
        assert str(failed.pk) in support.get(listing, {"q": term}).content.decode()
    assert str(failed.pk) not in support.get(listing, {"q": "bola@"}).content.decode()


def test_what_failed_is_sent_again_by_a_worker(support, failed):
    assert "Send again" in support.get(page(failed)).content.decode()
    mail.outbox.clear()
    assert support.post(again(failed)).status_code == 302
    assert delivery().state == "SENT" and [letter.to for letter in mail.outbox] == [["ada@alajo.test"]]
    with acting_as_service():
        line = AuditEvent.objects.get(action="accounts.notice.sent_again")
        assert line.actor_id == User.objects.get(email=AGENT).pk
    # Twice is once: it did not fail any more.
    assert "Only what failed" in support.post(again(failed), follow=True).content.decode()
    assert len(mail.outbox) == 1
    assert "Send again" not in support.get(page(failed)).content.decode()


def test_the_button_is_for_who_may_press_it(support, failed):
    assert support.get(again(failed)).status_code == 403
    missing = reverse("admin:accounts_notificationdelivery_again", args=[uuid4()])
    assert support.post(missing).status_code == 404
    with acting_as_service():
        User.objects.get(email=AGENT).groups.set(Group.objects.filter(name=roles.AUDITOR))
    seen = support.get(page(failed))
    assert seen.status_code == 200 and "Send again" not in seen.content.decode()
    assert support.post(again(failed)).status_code == 403
    assert delivery().state == "FAILED"


def test_texts_of_development_are_shown_beside_the_mails(client, settings, tmp_path):
    settings.TEXTS_PATH = tmp_path / "deep" / "texts.jsonl"
    assert "None yet" in client.get("/dev/texts/").content.decode()
    texts.keep(id="1", channel="SMS", to="+234801", text="<b>Alajo</b>: news", href="")
    texts.keep(id="2", channel="PUSH", to="u", text="Money arrived", href="http://testserver/notices/1/")
    html = client.get("/dev/texts/").content.decode()
    assert html.index("Money arrived") < html.index("&lt;b&gt;Alajo&lt;/b&gt;: news")
    assert 'href="/dev/texts/"' in client.get("/dev/mail/").content.decode()
