"""Statements, receipts, spending and balances on the customer's pages; a stranger's question about a paper."""

import csv as reader
import re
from datetime import timedelta
from io import BytesIO, StringIO

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from accounts.models import User
from accounts.tests.factories import make_person
from core.actors import Origin, acting_as, acting_as_service, from_origin
from wallet.models import Account, Document, Entry, Statement
from wallet.services import documents, explaining, spending
from wallet.services.statements import make_monthly, make_statement
from wallet.tests.factories import make_wallet
from wallet.tests.pages import browser_of, send_directly, text
from wallet.tests.test_statements import next_month, today

pytestmark = pytest.mark.django_db


@pytest.fixture
def purse(ada: User, bola: User) -> Account:
    found = make_wallet(ada, amount=100_000, tier=3)
    make_wallet(bola, tier=3)
    for amount, note in ((2_500, "Rice"), (1_250, "Beans"), (50, "=1+1")):
        send_directly(found, bola, amount, note)
    with acting_as_service():
        found.refresh_from_db()
    return found


def entry_of(account: Account, note: str) -> Entry:
    with acting_as_service():
        return Entry.objects.get(account_id=account.pk, description=note)


def content(response) -> bytes:
    assert response.status_code == 200, response
    return b"".join(response.streaming_content) if response.streaming else response.content


def rows(response) -> list[dict[str, str]]:
    return list(reader.DictReader(StringIO(content(response).decode().removeprefix("\ufeff"))))


class TestStatements:
    def test_one_is_made_shown_and_given_in_three_forms(self, as_ada: Client, purse: Account) -> None:
        assert "The statement of a month is made on the first day" in text(as_ada.get("/statements/"))
        days = {"since": today().isoformat(), "until": today().isoformat()}
        answer = as_ada.post("/statements/", days)
        page = text(as_ada.get(answer["Location"]))
        assert "₦962.00" in page and "₦1,000.00" in page
        one = f"{answer['Location']}statement."
        assert content(as_ada.get(f"{one}pdf")).startswith(b"%PDF")
        assert [row["amount"] for row in rows(as_ada.get(f"{one}csv"))] == [
            "1000.00",
            "-25.00",
            "-12.50",
            "-0.50",
        ]
        assert b"<OFX>" in content(as_ada.get(f"{one}ofx"))
        assert as_ada.get(f"{one}exe").status_code == 404

    @pytest.mark.parametrize(
        ("since", "until", "told"),
        [(0, 3, "Choose a day that is over"), (0, -3, "before the day"), (-400, 0, "a year apart")],
    )
    def test_what_is_wrong_with_days_stands_at_the_field(
        self, as_ada: Client, purse: Account, since: int, until: int, told: str
    ) -> None:
        days = {"since": today() + timedelta(days=since), "until": today() + timedelta(days=until)}
        answer = as_ada.post("/statements/", {name: day.isoformat() for name, day in days.items()})
        assert answer.status_code == 422 and told in text(answer)

    def test_anothers_is_not_there(self, purse: Account, bola: User) -> None:
        one = make_statement(account=purse, since=today(), until=today(), at=timezone.now())
        browser = browser_of(bola)
        for address in (f"/statements/{one.pk}/", f"/statements/{one.pk}/statement.pdf"):
            assert browser.get(address).status_code == 404


class TestReceipts:
    def test_each_side_has_its_own_and_it_stays_the_same(
        self, as_ada: Client, purse: Account, bola: User
    ) -> None:
        address = reverse("receipt", args=[entry_of(purse, "Rice").pk])
        hers, again = content(as_ada.get(address)), content(as_ada.get(address))
        his = content(browser_of(bola).get(address))
        assert hers == again != his
        told = PdfReader(BytesIO(hers)).pages[0].extract_text()
        assert "Money out" in told.replace("MONEY OUT", "Money out") and "Bola Adé" in told and "Rice" in told
        with acting_as_service():
            assert Document.objects.count() == 2
            bola.profile.display_name = "Somebody Else"
            bola.profile.save(update_fields=["display_name"])
        assert content(as_ada.get(address)) == hers

    def test_a_stranger_gets_none(self, purse: Account) -> None:
        address = reverse("receipt", args=[entry_of(purse, "Rice").pk])
        assert browser_of(make_person(name="Chidi Eze")).get(address).status_code == 404


class TestVerifying:
    def test_a_stranger_learns_that_it_is_ours_and_nothing_else(self, purse: Account, client: Client) -> None:
        one = make_statement(account=purse, since=today(), until=today(), at=timezone.now())
        answer = client.get(reverse("verify_document", args=[documents.spelled(one.document.code)]))
        page = text(answer)
        assert answer.status_code == 200 and "Yes, we issued this" in page and one.document.sha256 in page
        assert "Account statement" in page
        for hidden in ("Ada", "962", "1,000", str(purse.pk), "Bola"):
            assert hidden not in page
        assert answer["Cache-Control"].startswith("max-age=0")

    def test_a_code_may_be_typed_as_it_is_read(self, purse: Account, client: Client) -> None:
        one = make_statement(account=purse, since=today(), until=today(), at=timezone.now())
        typed = (
            documents.spelled(one.document.code).lower().replace("0", "o").replace("1", "l").replace("-", " ")
        )
        answer = client.get("/documents/", {"code": typed}, follow=True)
        assert "Yes, we issued this" in text(answer)

    def test_codes_that_are_none_look_alike(self, client: Client) -> None:
        pages = {
            re.sub(r'value="[^"]*"', "", client.get(address).content.decode())
            for address in (
                "/verify/0000-0000-0000-0000-0000/",
                "/verify/" + "U" * 24 + "/",
                "/documents/?code=nonsense",
            )
        }
        assert len({re.sub(r"csrf[^>]*>|nonce-?[^ >]*", "", page) for page in pages}) == 1
        assert "We know of no such paper" in pages.pop()

    def test_nobody_walks_through_codes(self, client: Client, monkeypatch) -> None:
        monkeypatch.setattr(documents, "QUESTIONS", 2)
        answers = [client.get(f"/verify/{documents.new_code()}/").status_code for _ in range(3)]
        assert answers == [404, 404, 429]

    def test_codes_are_long_and_never_the_same(self) -> None:
        codes = {documents.new_code() for _ in range(1_000)}
        assert len(codes) == 1_000 and all(
            len(code) == 20 and set(code) <= set(documents.LETTERS) for code in codes
        )


class TestExports:
    @pytest.mark.parametrize(
        ("asked", "amounts"),
        [
            ({}, ["-0.50", "-12.50", "-25.00", "1000.00"]),
            ({"direction": "in"}, ["1000.00"]),
            ({"q": "bea"}, ["-12.50"]),
            ({"smallest": "20", "direction": "out"}, ["-25.00"]),
            ({"kind": "DEPOSIT"}, ["1000.00"]),
            ({"q": "nothing like it"}, []),
        ],
    )
    def test_exactly_the_filtered_rows(
        self, as_ada: Client, purse: Account, asked: dict[str, str], amounts: list[str]
    ) -> None:
        assert [row["amount"] for row in rows(as_ada.get("/activity/export.csv", asked))] == amounts
        paper = PdfReader(BytesIO(content(as_ada.get("/activity/export.pdf", asked)))).pages[0].extract_text()
        for amount in amounts:
            assert amount.removeprefix("-").replace("1000", "1,000") in paper

    def test_a_long_history_comes_whole_and_each_row_once(
        self, as_ada: Client, purse: Account, monkeypatch
    ) -> None:
        monkeypatch.setattr("wallet.services.statements.selections.CHUNK", 2)
        assert len(rows(as_ada.get("/activity/export.csv"))) == 4

    def test_cells_are_no_formulas(self, as_ada: Client, purse: Account) -> None:
        assert rows(as_ada.get("/activity/export.csv"))[0]["description"] == "'=1+1"

    def test_too_much_for_paper_is_said(self, as_ada: Client, purse: Account, monkeypatch) -> None:
        monkeypatch.setattr("wallet.services.statements.selections.MOST_ON_PAPER", 3)
        answer = as_ada.get("/activity/export.pdf")
        assert answer.status_code == 422 and "too many movements for a PDF" in text(answer)

    def test_a_filter_that_cannot_be_read_leads_back(self, as_ada: Client, purse: Account) -> None:
        assert as_ada.get("/activity/export.csv", {"since": "x"}).status_code == 302


class TestSpending:
    def test_the_year_has_a_drawing_and_its_twin(self, as_ada: Client, purse: Account) -> None:
        page = as_ada.get("/spending/")
        assert page.content.count(b'class="months__in"') == 12 and b"<table" in page.content
        assert "₦38.00" in text(page)
        month = as_ada.get(f"/spending/{today().year}/{today().month}/")
        assert "Transfer" in text(month) and "₦38.00" in text(month)

    def test_nothing_yet_says_so(self, as_ada: Client) -> None:
        assert "Nothing moved yet" in text(as_ada.get("/spending/"))

    @pytest.mark.parametrize("address", ["/spending/2026/13/", "/spending/1999/1/", "/spending/9000/1/"])
    def test_months_that_are_none(self, as_ada: Client, purse: Account, address: str) -> None:
        assert as_ada.get(address).status_code == 404

    def test_a_month_says_the_same_with_and_without_its_statement(self, purse: Account, ada: User) -> None:
        with acting_as(ada):
            (before,) = spending.months_of(account=purse, on=today(), count=1)
        make_monthly(month=today(), at=next_month(today()))
        with acting_as(ada):
            (after,) = spending.months_of(account=purse, on=today(), count=1)
        assert dict(before.kinds) == dict(after.kinds)


class TestBalance:
    def test_it_is_the_sum_of_its_kinds(self, as_ada: Client, purse: Account, ada: User, bola: User) -> None:
        page = text(as_ada.get("/balance/"))
        assert "+₦1,000.00" in page and "−₦38.00" in page and "₦962.00" in page
        make_monthly(month=today(), at=next_month(today()))
        send_directly(purse, bola, 100)
        with acting_as(ada):
            purse.refresh_from_db()
            found = spending.explain_balance(account=purse)
        assert found.opening == 0 and found.since is None
        assert sum(sums.net for sums in found.kinds.values()) == found.balance == 96_100

    def test_a_long_history_without_statements_has_an_opening(
        self, purse: Account, ada: User, monkeypatch
    ) -> None:
        monkeypatch.setattr(spending, "MOST", 2)
        with acting_as(ada):
            found = spending.explain_balance(account=purse)
        assert (found.opening, found.since) == (97_500, today())
        assert found.opening + sum(sums.net for sums in found.kinds.values()) == 96_200

    def test_each_movement_says_why(self, as_ada: Client, purse: Account) -> None:
        page = text(as_ada.get(reverse("why", args=[entry_of(purse, "Rice").pk])))
        assert "₦1,000.00" in page and "₦975.00" in page
        assert "wallet.transfer" not in page

    def test_statements_of_others_do_not_count(self, purse: Account, bola: User) -> None:
        make_monthly(month=today(), at=next_month(today()))
        with acting_as(bola):
            assert Statement.objects.count() == 1


class TestStaff:
    def test_the_whole_chain_stands_on_the_pages_of_staff(self, purse: Account, bola: User) -> None:
        with from_origin(Origin(request_id="req_1")):
            send_directly(purse, bola, 75, "Yam")
        entry = entry_of(purse, "Yam")
        with acting_as_service():
            causes = explaining.causes_of(entry=entry, for_staff=True)
            told = explaining.causes_of(entry=entry, for_staff=False)
        labels = {str(cause.label) for cause in causes}
        assert {"Done", "Rule of the tier"} <= labels and not told
        assert any("wallet.transfer" in cause.text for cause in causes)
