"""The feed of movements, and the page of one."""

import re
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import make_person
from core.actors import acting_as, acting_as_service
from core.ids import posting_id
from wallet import services as wallet
from wallet.models import Account, Entry, Transaction
from wallet.tests.factories import make_wallet
from wallet.tests.pages import browser_of, handle_of, payment_of, send_directly, text
from wallet.views import activity

# Activity


def fill(account: Account, bola: User, count: int) -> None:
    for number in range(count):
        send_directly(account, bola, 100 + number, f"Note {number:03}")


def notes(response: Any) -> list[str]:
    return re.findall(r"Note \d{3}", text(response))


def test_activity_without_movements_has_one_next_step(as_ada: Client) -> None:
    assert "No movements yet" in text(as_ada.get("/activity/"))


def test_pages_follow_each_other_without_gap_or_repeat_while_money_moves(
    as_ada: Client, ada: User, bola: User
) -> None:
    account = make_wallet(ada, amount=1_000_000)
    fill(account, bola, activity.PAGE * 2 + 3)
    seen, address = [], "/activity/"
    while address:
        response = as_ada.get(address)
        seen += notes(response)
        older = re.search(r'href="(\?[^"]*before=\d+)"', response.content.decode())
        address = f"/activity/{older[1]}" if older else ""
        send_directly(account, bola, 5, "arrived meanwhile")
    assert seen == [f"Note {number:03}" for number in reversed(range(activity.PAGE * 2 + 3))]


def test_the_newest_part_says_nothing_when_it_is_asked_again_and_nothing_came(
    as_ada: Client, ada: User, bola: User
) -> None:
    account, htmx = make_wallet(ada, amount=1_000_000), {"hx-request": "true"}
    fill(account, bola, activity.PAGE + 1)
    html = as_ada.get("/activity/?direction=out").content.decode()
    again = "/activity/" + re.search(r'id="entries" data-quiet hx-get="([^"]+)"', html)[1].replace(
        "&amp;", "&"
    )
    assert as_ada.get(again, headers=htmx).status_code == 204
    assert "Note 020" in text(as_ada.get(again)), "an address that somebody keeps shows the page"
    send_directly(account, bola, 5, "Note 777")
    assert "Note 777" in text(as_ada.get(again, headers=htmx))
    link = re.search(r'href="(\?[^"]*before=\d+)"', html)[1].replace("&amp;", "&")
    older = as_ada.get(f"/activity/{link}").content.decode()
    assert 'id="entries" data-quiet' not in older, "what is old does not change by itself"


def test_the_way_back_to_newer_pages_leads_to_the_same_rows(as_ada: Client, ada: User, bola: User) -> None:
    fill(make_wallet(ada, amount=1_000_000), bola, activity.PAGE * 2 + 3)
    first = as_ada.get("/activity/")
    second = as_ada.get("/activity/" + re.search(r'href="(\?before=\d+)"', first.content.decode())[1])
    third = as_ada.get("/activity/" + re.search(r'href="(\?before=\d+)"', second.content.decode())[1])
    back = as_ada.get("/activity/" + re.search(r'href="(\?after=\d+)"', third.content.decode())[1])
    assert notes(back) == notes(second)
    home = as_ada.get("/activity/" + re.search(r'href="(\?after=\d+)"', back.content.decode())[1])
    assert notes(home) == notes(first)


def test_each_row_carries_the_balance_after_it_and_each_day_its_last(
    as_ada: Client, ada: User, bola: User
) -> None:
    account = make_wallet(ada, amount=10_000)
    send_directly(account, bola, 2_500, "One")
    send_directly(account, bola, 500, "Two")
    words = text(as_ada.get("/activity/"))
    assert "Today Balance after: ₦70.00" in words
    assert re.search(r"Two · \d\d:\d\d Money out −₦5\.00 Balance after: ₦70\.00", words)
    assert re.search(r"One · \d\d:\d\d Money out −₦25\.00 Balance after: ₦75\.00", words)


def test_days_are_those_of_lagos() -> None:
    row = activity.rows_of([])
    assert row == []
    late = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)
    assert timezone.localdate(late).isoformat() == "2026-04-01"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=bola", {"Rent", "Back"}),
        ("q=RENT", {"Rent"}),
        ("q=added", {"Money added"}),
        ("q=100%25", set()),
        ("q=%5C", set()),
        ("direction=in", {"Back", "Money added"}),
        ("direction=out", {"Rent", "Fabric"}),
        ("kind=TRANSFER", {"Rent", "Fabric", "Back"}),
        ("smallest=30&largest=50", {"Fabric"}),
        ("smallest=60", {"Rent", "Money added"}),
        ("since=2020-01-01&until=2020-12-31", set()),
        ("since=2020-01-01", {"Rent", "Fabric", "Back", "Money added"}),
        ("q=bola&direction=out&smallest=1", {"Rent"}),
    ],
)
def test_filters_stand_in_the_address_and_narrow_the_feed(
    as_ada: Client, ada: User, bola: User, query: str, expected: set[str]
) -> None:
    account = make_wallet(ada, amount=100_000)
    chidi = make_person(name="Chidi Eze")
    send_directly(account, bola, 7_000, "Rent")
    send_directly(account, chidi, 4_000, "Fabric")
    with acting_as_service():
        back = Account.objects.get(owner=bola)
    send_directly(back, ada, 1_000, "Back")
    feed = as_ada.get(f"/activity/?{query}")
    rows = re.findall(r'<li class="row">(.*?)</li>', feed.content.decode(), re.DOTALL)
    assert feed.status_code == 200
    found = {word for word in ("Rent", "Fabric", "Back", "Money added") if any(word in row for row in rows)}
    assert found == expected
    if not expected:
        assert "Clear the filters" in text(feed)


@pytest.mark.parametrize(
    "query",
    [
        "since=yesterday",
        "since=0001-01-01",
        "until=9999-12-31",
        "smallest=abc",
        "smallest=9&largest=1",
        "since=2026-02-02&until=2026-01-01",
        "kind=NONSENSE",
        "direction=sideways",
        "before=99999999999999999999999",
        "before=x",
        "q=" + "x" * 101,
    ],
)
def test_a_filter_that_makes_no_sense_is_said_and_never_an_error_page(
    as_ada: Client, ada: User, query: str
) -> None:
    make_wallet(ada, amount=100)
    assert as_ada.get(f"/activity/?{query}").status_code == 422


def test_open_payments_stand_above_what_is_settled(as_ada: Client, ada: User) -> None:
    account = make_wallet(ada, amount=100)
    payment_of(account)
    words = text(as_ada.get("/activity/"))
    assert re.search(r"Not settled yet Adding money Waiting .* Today", words)
    assert "Not settled yet" not in text(as_ada.get("/activity/?direction=in"))


def test_a_search_never_finds_people_one_had_nothing_to_do_with(
    as_ada: Client, ada: User, bola: User
) -> None:
    account = make_wallet(ada, amount=10_000)
    make_wallet(make_person(name="Bolanle Stranger"), amount=100)
    send_directly(account, bola, 100)
    with acting_as(ada):
        found = wallet.counterparties_named(account=account, text="bola")
    with acting_as_service():
        assert found == [Account.objects.get(owner=bola).pk]


@pytest.mark.parametrize("address", ["/home/", "/activity/", "/send/", "/notices/"])
def test_a_page_asks_no_more_questions_for_more_people(
    as_ada: Client, ada: User, bola: User, address: str
) -> None:
    account = make_wallet(ada, amount=100_000)
    send_directly(account, bola, 100, "first")
    with CaptureQueriesContext(
        connection,
    ) as few:
        as_ada.get(address)
    for number in range(12):
        send_directly(account, make_person(name=f"Person {number}"), 100)
    with CaptureQueriesContext(connection) as many:
        as_ada.get(address)
    assert len(many) <= len(few)
    assert len(many) <= 32


@pytest.mark.parametrize("address", ["/home/", "/activity/?q=bola", "/send/", "/transactions/{sent}/"])
def test_no_page_reads_the_whole_ledger(as_ada: Client, ada: User, bola: User, address: str) -> None:
    account = make_wallet(ada, amount=100_000)
    sent = send_directly(account, bola, 100)
    with connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
        with CaptureQueriesContext(connection) as asked:
            as_ada.get(address.format(sent=sent))
        histories = [query["sql"] for query in asked if re.search("wallet_(entry|transaction)", query["sql"])]
        assert histories
        with acting_as_service():
            for sql in histories:
                cursor.execute("explain " + sql)
                plan = "\n".join(line for (line,) in cursor.fetchall())
                assert "Seq Scan on wallet_transaction" not in plan, f"{sql}\n{plan}"


def test_a_look_up_of_a_known_recipient_reads_only_the_senders_history(ada: User, bola: User) -> None:
    account = make_wallet(ada, amount=100_000)
    send_directly(account, bola, 100)
    with connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
        with CaptureQueriesContext(connection) as asked, acting_as(ada):
            assert wallet.has_sent_to(account=account, recipient_id=bola.pk)
        with acting_as_service():
            cursor.execute("explain " + next(q["sql"] for q in asked if "wallet_transaction" in q["sql"]))
        assert "Seq Scan on wallet_transaction" not in str(cursor.fetchall())


# One movement


def test_a_transfer_tells_both_parties_the_fee_the_time_and_its_reference(
    as_ada: Client, ada: User, bola: User
) -> None:
    sent = send_directly(make_wallet(ada, amount=10_000), bola, 2_500, "For <b>lunch</b>")
    response = as_ada.get(f"/transactions/{sent}/")
    words = text(response)
    assert f"From Ada Obi (you) @{handle_of(ada)} To Bola Adé @{handle_of(bola)}" in words
    assert "Amount ₦25.00 Fee Free Note For &lt;b&gt;lunch&lt;/b&gt;" in words
    assert str(sent) in words
    assert re.search(r'<time datetime="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+01:00">', response.content.decode())


def test_the_other_side_sees_its_own_balance_and_not_the_senders(ada: User, bola: User) -> None:
    sent = send_directly(make_wallet(ada, amount=777_700), bola, 2_500)
    words = text(browser_of(bola).get(f"/transactions/{sent}/"))
    assert "Balance after ₦25.00" in words
    assert "7,752" not in words


def test_a_reversal_and_what_it_reverses_lead_to_each_other(as_ada: Client, ada: User, bola: User) -> None:
    sent = send_directly(make_wallet(ada, amount=10_000), bola, 2_500)
    with acting_as_service():
        back = wallet.reverse(posting_id=posting_id(), reverses=sent).id
    assert f'href="/transactions/{back}/"' in as_ada.get(f"/transactions/{sent}/").content.decode()
    assert f'href="/transactions/{sent}/"' in as_ada.get(f"/transactions/{back}/").content.decode()


def test_movements_of_one_posting_are_listed_together_and_only_ones_own(
    as_ada: Client, ada: User, bola: User
) -> None:
    mine, theirs = make_wallet(ada), make_wallet(bola)
    with acting_as_service():
        clearing = wallet.system_account("PAYSTACK_CLEARING")
        lines = [wallet.Line("DEPOSIT", clearing, account.pk, 100) for account in (mine, mine, theirs)]
        posting = wallet.post(posting_id=posting_id(), lines=lines)
    first, second, third = (posted.id for posted in posting.transactions)
    html = as_ada.get(f"/transactions/{first}/").content.decode()
    assert f"/transactions/{second}/" in html
    assert f"/transactions/{third}/" not in html


def test_a_strangers_transaction_does_not_exist(as_ada: Client, bola: User) -> None:
    make_wallet(bola, amount=100)
    with acting_as_service():
        theirs = Transaction.objects.get()
        assert Entry.objects.count() == 2
    assert as_ada.get(f"/transactions/{theirs.pk}/").status_code == 404
    assert as_ada.get(f"/transactions/{uuid4()}/").status_code == 404
    assert as_ada.get("/transactions/not-an-id/").status_code == 404
