"""The notice centre: what is listed, what is read, and that none of it is anybody else's."""

import re
from datetime import timedelta

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Notification, User
from accounts.notices import PAGE, Wanted, page_of
from accounts.tests.factories import sign_in
from accounts.tests.noticing import MONEY, choose, tell
from core.actors import acting_as, acting_as_service
from core.embedded import Postgres
from core.ids import uuid7_at

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def as_ada(ada: User) -> Client:
    client = Client()
    sign_in(client, ada)
    return client


def words(answer) -> str:
    bare = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return re.sub(r"\s+", " ", bare).replace("&#x27;", "'")


def listed(answer) -> list[str]:
    return re.findall(r'data-notice="([^"]+)"', answer.content.decode())


def is_read(notice: Notification) -> bool:
    with acting_as_service():
        return Notification.objects.get(pk=notice.pk).read_at is not None


def link(answer, rel: str) -> str:
    return re.search(rf'href="([^"]+)" rel="{rel}"', answer.content.decode())[1].replace("&amp;", "&")


def test_an_empty_centre_says_so(as_ada):
    assert "Nothing yet" in words(as_ada.get("/notices/"))


def test_notices_stand_under_their_day_newest_first(ada, as_ada):
    first, second = tell(ada), tell(ada, "security.frozen")
    with acting_as_service():
        Notification.objects.filter(pk=first.pk).update(created_at=timezone.now() - timedelta(days=1))
    page = as_ada.get("/notices/")
    assert listed(page) == [str(second.pk), str(first.pk)]
    assert re.search(r"2 unread .*Today .*staff locked.*Yesterday .*Money was added", words(page))
    assert "₦2,500.00" in words(page)


def test_a_walk_through_the_pages_repeats_and_misses_nothing_while_new_ones_arrive(ada, as_ada):
    told = [str(tell(ada).pk) for _ in range(2 * PAGE + 5)]
    page, seen = as_ada.get("/notices/"), []
    seen += listed(page)
    while 'rel="next"' in page.content.decode():
        tell(ada)
        page = as_ada.get("/notices/" + link(page, "next"))
        seen += listed(page)
    assert seen == told[::-1]
    back = as_ada.get("/notices/" + link(page, "prev"))
    assert listed(back) == told[::-1][PAGE : 2 * PAGE]


def test_the_list_is_narrowed_by_kind_and_to_what_is_unread(ada, as_ada):
    money, lock, other = tell(ada), tell(ada, "security.frozen"), tell(ada, "weather.changed")
    as_ada.post(f"/notices/{money.pk}/read/")
    assert listed(as_ada.get("/notices/?show=unread")) == [str(other.pk), str(lock.pk)]
    assert listed(as_ada.get("/notices/?kind=MONEY_IN")) == [str(money.pk)]
    assert listed(as_ada.get("/notices/?kind=OTHER")) == [str(other.pk)]
    assert listed(as_ada.get("/notices/?kind=SECURITY&show=unread")) == [str(lock.pk)]
    nothing = as_ada.get("/notices/?kind=LEGAL")
    assert "Nothing here" in words(nothing) and "Show all notices" in words(nothing)


@pytest.mark.parametrize("query", ["kind=X", "show=x", "before=x", "after=%00", "kind=money_in"])
def test_an_address_that_no_link_of_ours_has_is_none(as_ada, query):
    assert as_ada.get(f"/notices/?{query}").status_code in (400, 404)


def test_opening_a_notice_leads_to_what_it_tells_of_and_marks_it_as_read(ada, as_ada):
    notice = tell(ada)
    page = as_ada.get("/notices/").content.decode()
    assert f'href="/notices/{notice.pk}/"' in page
    opened = as_ada.get(f"/notices/{notice.pk}/")
    assert opened.status_code == 302 and opened.url == f"/payments/{MONEY['payment']}/"
    assert is_read(notice)
    # A read one leads there by itself.
    assert f'href="/payments/{MONEY["payment"]}/"' in as_ada.get("/notices/").content.decode()


def test_who_only_looks_ahead_reads_nothing(ada, as_ada):
    notice = tell(ada)
    as_ada.head(f"/notices/{notice.pk}/")
    as_ada.get(f"/notices/{notice.pk}/", headers={"Sec-Purpose": "prefetch;prerender"})
    as_ada.get(f"/notices/{notice.pk}/", headers={"Purpose": "prefetch"})
    assert not is_read(notice)


def test_whoever_is_logged_out_logs_in_first_and_is_led_on(ada):
    notice = tell(ada)
    answer = Client().get(f"/notices/{notice.pk}/")
    assert answer.status_code == 302 and f"next=/notices/{notice.pk}/" in answer.url
    assert not is_read(notice)


def test_another_persons_notice_is_not_there(bola, as_ada):
    notice = tell(bola)
    assert as_ada.get(f"/notices/{notice.pk}/").status_code == 404
    as_ada.post(f"/notices/{notice.pk}/read/")
    as_ada.post("/notices/read/", {"until": str(notice.pk)})
    assert not is_read(notice)
    assert listed(as_ada.get("/notices/")) == []


def test_marking_one_comes_back_to_the_list_as_it_was_and_nowhere_else(ada, as_ada):
    notice = tell(ada)
    for here, back in (
        ("?show=unread&kind=MONEY_IN", "/notices/?show=unread&kind=MONEY_IN"),
        ("", "/notices/"),
        ("https://evil.example/", "/notices/"),
        ("//evil.example", "/notices/"),
    ):
        assert as_ada.post(f"/notices/{notice.pk}/read/", {"here": here}).url == back
    assert is_read(notice)


def test_marking_all_leaves_what_came_after_the_page_was_drawn(ada, as_ada):
    seen = tell(ada)
    until = re.search(r'name="until" value="([^"]+)"', as_ada.get("/notices/").content.decode())[1]
    assert until == str(seen.pk)
    later = tell(ada)
    as_ada.post("/notices/read/", {"until": until})
    assert is_read(seen) and not is_read(later)
    as_ada.post("/notices/read/")
    assert is_read(later)
    assert "You have read everything" in words(as_ada.get("/notices/"))


def test_marking_as_read_takes_a_post_of_ours(ada):
    notice, stranger = tell(ada), Client(enforce_csrf_checks=True)
    sign_in(stranger, ada)
    assert stranger.post("/notices/read/").status_code == 403
    assert stranger.post(f"/notices/{notice.pk}/read/").status_code == 403
    assert stranger.get(f"/notices/{notice.pk}/read/").status_code == 302
    assert not is_read(notice)


def test_what_is_not_wanted_in_the_app_is_not_listed(ada, as_ada):
    choose(ada, "MONEY_IN", "IN_APP", False)
    tell(ada)
    page = as_ada.get("/notices/")
    assert listed(page) == [] and "unread" not in words(as_ada.get("/home/"))


def test_the_bell_answers_only_when_its_number_has_changed(ada, as_ada):
    address = re.search(r'hx-get="(/notices/bell/[^"]*)"', as_ada.get("/home/").content.decode())[1]
    assert as_ada.get(address).status_code == 204
    tell(ada)
    rung = as_ada.get(address)
    assert rung.status_code == 200 and "Notices, 1 unread" in words(rung)
    assert rung.content.decode().count('id="bell"') == 1
    again = re.search(r'hx-get="([^"]+)"', rung.content.decode())[1]
    assert as_ada.get(again).status_code == 204


def test_the_bell_of_the_notice_centre_stays_that_of_the_notice_centre(ada, as_ada):
    html = as_ada.get("/notices/").content.decode()
    address = re.search(r'hx-get="(/notices/bell/[^"]*)"', html)[1].replace("&amp;", "&")
    tell(ada)
    assert 'aria-current="page"' in as_ada.get(address).content.decode()
    assert 'aria-current="page"' not in as_ada.get("/notices/bell/").content.decode()


def test_the_newest_part_answers_only_when_it_has_changed(ada, as_ada):
    def address(answer) -> str:
        return re.search(r'hx-get="(/notices/newest/[^"]*)"', answer.content.decode())[1].replace(
            "&amp;", "&"
        )

    first = tell(ada)
    part = address(as_ada.get("/notices/?show=unread"))
    assert "show=unread" in part and as_ada.get(part).status_code == 204
    second = tell(ada)
    changed = as_ada.get(part)
    assert listed(changed) == [str(second.pk), str(first.pk)]
    assert "<html" not in changed.content.decode()
    assert as_ada.get(address(changed)).status_code == 204
    as_ada.post(f"/notices/{first.pk}/read/")
    assert listed(as_ada.get(address(changed))) == [str(second.pk)]


def test_an_older_page_does_not_ask_for_the_newest_by_itself(ada, as_ada):
    for _ in range(PAGE + 1):
        tell(ada)
    older = as_ada.get("/notices/" + link(as_ada.get("/notices/"), "next"))
    assert "/notices/newest/" not in older.content.decode()


def test_a_part_that_asks_by_itself_does_not_become_the_log_in_page(ada):
    for address in ("/notices/bell/?seen=1", "/notices/newest/"):
        asked = Client().get(address, headers={"HX-Request": "true"})
        assert asked.status_code == 401 and asked.content == b""
        assert Client().get(address).status_code == 302


@pytest.fixture
def ten_thousand(ada: User, bola: User) -> User:
    """A week of hers among ten times as many of another's; a bulk that no service makes."""
    now = timezone.now()
    rows = [
        Notification(
            id=uuid7_at(now - timedelta(minutes=number + 1)),
            user=ada,
            event="security.frozen" if number % 100 == 0 else "deposit.succeeded",
            data=MONEY,
            read_at=None if number % 10 == 0 else now,
        )
        for number in range(10_000)
    ]
    with acting_as_service():
        Notification.objects.bulk_create(rows, batch_size=2000)
    dsn = Postgres(settings.TEST_ROOT).dsn(role="alajo_owner", dbname=settings.DATABASES["default"]["NAME"])
    with psycopg.connect(dsn, autocommit=True) as database:
        database.execute(
            "insert into accounts_notification (id, user_id, event, data, created_at) "
            "select uuidv7(make_interval(secs => -6 * n)), %s, 'legal.terms', '{}', now() "
            "from generate_series(1, 100000) n",
            [bola.pk],
        )
        database.execute("analyze accounts_notification")
    return ada


def test_ten_thousand_notices_cost_as_many_queries_and_no_more_rows_than_a_page(ten_thousand, as_ada):
    counts = []
    for query in ("", "?show=unread", "?kind=SECURITY", "?kind=SECURITY&show=unread"):
        as_ada.get("/notices/")
        with CaptureQueriesContext(connection) as asked:
            page = as_ada.get(f"/notices/{query}")
        assert len(listed(page)) == PAGE
        counts.append(sum('FROM "accounts_notification"' in each["sql"] for each in asked))
    # The newest key, the page, its unread and the bell.
    assert counts == [4, 4, 4, 4]
    assert "99+ unread" in words(page)


@pytest.mark.parametrize("unread", [False, True])
def test_a_page_reads_its_index_from_where_it_begins(ten_thousand, unread):
    ada = ten_thousand
    middle = page_with(ada, unread).notices[-1].id
    with acting_as(ada), connection.cursor() as cursor:
        listing = Notification.objects.visible_to(ada).listed()
        listing = (listing.unread() if unread else listing).filter(pk__lt=middle).order_by("-pk")[:21]
        sql, params = listing.query.sql_with_params()
        cursor.execute(f"explain (analyze, format text) {sql}", params)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "notification_unread" in plan if unread else "notification_of_user" in plan
    assert "Sort" not in plan
    assert max(int(rows) for rows in re.findall(r"actual time=\S+ rows=(\d+)", plan)) <= 21


def page_with(ada: User, unread: bool):
    with acting_as(ada):
        return page_of(user=ada, wanted=Wanted(unread=unread))
