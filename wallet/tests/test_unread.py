"""The bell on every page: how many notices wait, at the cost of one query."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Notification
from core.actors import acting_as_service
from wallet.tests.factories import install_sandbox, make_wallet
from wallet.tests.pages import notice_of_transfer, text

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESSES = ["/home/", "/activity/", "/send/", "/add-money/", "/notices/", "/accounts/email/"]


@pytest.fixture(autouse=True)
def wallets(ada, bola):
    make_wallet(ada)
    make_wallet(bola)
    with acting_as_service():
        install_sandbox()


def tell(user, times: int = 1) -> None:
    for _ in range(times):
        notice_of_transfer(user, "transfer.received", "Bola Adé")


@pytest.mark.parametrize("address", ADDRESSES)
def test_each_page_says_how_many_are_unread(ada, bola, as_ada, address):
    tell(bola)
    assert "unread" not in text(as_ada.get(address))
    tell(ada, 3)
    page = as_ada.get(address)
    assert "Notices, 3 unread" in text(page)
    assert '<span class="unread" aria-hidden="true">3</span>' in page.content.decode()


def test_more_than_nine_are_nine_and_more(ada, as_ada):
    tell(ada, 9)
    assert "Notices, 9 unread" in text(as_ada.get("/activity/"))
    tell(ada)
    assert "Notices, 9+ unread" in text(as_ada.get("/activity/"))


def test_reading_them_takes_the_number_away(ada, as_ada):
    tell(ada, 2)
    as_ada.post(reverse("notices_read"))
    assert "unread" not in text(as_ada.get("/home/"))
    tell(ada)
    assert "Notices, 1 unread" in text(as_ada.get("/home/"))


@pytest.mark.parametrize("address", ["/activity/", "/add-money/", "/accounts/email/"])
def test_it_is_one_query_however_many_there_are(ada, as_ada, address):
    as_ada.get(address)
    counts = []
    for more in (0, 60):
        tell(ada, more)
        with CaptureQueriesContext(connection) as asked:
            as_ada.get(address)
        found = [query["sql"] for query in asked if "accounts_notification" in query["sql"]]
        assert len(found) == 1 and "LIMIT 10" in found[0]
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_it_reads_no_more_of_the_index_than_it_counts(ada):
    tell(ada, 5)
    with acting_as_service(), connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
        assert "notification_unread" in Notification.objects.visible_to(ada).unread()[:10].explain()


def test_an_old_one_is_counted_however_many_read_ones_came_after_it(ada, as_ada):
    tell(ada, 61)
    with acting_as_service():
        oldest = Notification.objects.filter(user=ada).order_by("pk").first()
        Notification.objects.filter(user=ada).exclude(pk=oldest.pk).update(read_at=oldest.created_at)
    assert "Notices, 1 unread" in text(as_ada.get("/home/"))
