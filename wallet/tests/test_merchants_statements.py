"""An organisation's statements: made on its pages by those who manage it, and the same files as a customer's."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pypdf import PdfReader

from accounts.models import User
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from wallet.models import Merchant, Statement
from wallet.services.statements import make_monthly
from wallet.tests.factories import make_wallet
from wallet.tests.pages import browser_of, text
from wallet.tests.selling import again, buy, make_link, make_merchant
from wallet.tests.test_page_statements import content, rows

pytestmark = pytest.mark.django_db
SOLD = 250_000


@pytest.fixture
def merchant(ada: User, bola: User) -> Merchant:
    made = make_merchant(bola)
    buy(ada, make_wallet(ada, amount=SOLD, tier=3), make_link(made))
    return again(made)


@pytest.fixture
def place(merchant: Merchant) -> str:
    return f"/organizations/{merchant.organization.slug}/payments/statements/"


def days() -> dict[str, str]:
    today = timezone.localdate()
    return {"since": (today - timedelta(days=1)).isoformat(), "until": today.isoformat()}


def test_one_is_made_shown_and_given_in_three_forms(place: str, merchant: Merchant, bola: User) -> None:
    browser = browser_of(bola)
    assert "The statement of a month is made on the first day" in text(browser.get(place))
    made = browser.post(place, days())["Location"]
    assert made.startswith(place)
    page = browser.get(made)
    assert "₦2,500.00" in text(page) and "Closing balance" in text(page)
    assert f"{made.removeprefix(place)[:36]}/" in browser.get(place).content.decode()
    papers = [content(browser.get(f"{made}statement.{ending}")) for ending in ("pdf", "csv", "ofx")]
    assert papers[0].startswith(b"%PDF") and b"<OFX>" in papers[2]
    amounts = [row["amount"] for row in rows(browser.get(f"{made}statement.csv"))]
    assert amounts[0] == "2500.00" and len(amounts) > 1
    again_made = browser.post(place, days())["Location"]
    assert again_made == made


def test_the_paper_is_of_the_organisation_by_name(place: str, bola: User, tmp_path) -> None:
    browser = browser_of(bola)
    made = browser.post(place, days())["Location"]
    paper = tmp_path / "paper.pdf"
    paper.write_bytes(content(browser.get(f"{made}statement.pdf")))
    assert "Bola's Fabrics" in PdfReader(paper).pages[0].extract_text().replace("’", "'")


def test_those_who_manage_it_and_nobody_else(place: str, merchant: Merchant, ada: User, bola: User) -> None:
    made = browser_of(bola).post(place, days())["Location"]
    for role, status in (("ADMIN", 200), ("MEMBER", 404), ("", 404)):
        person = make_person(name="Chidi Eze")
        if role:
            with acting_as_service():
                merchant.organization.memberships.create(user=person, role=role)
        browser = browser_of(person)
        pages = (place, made, f"{made}statement.csv")
        assert [browser.get(page).status_code for page in pages] == [status] * 3
    make_wallet(bola)
    number = made.removeprefix(place)
    assert browser_of(bola).get(f"/statements/{number}").status_code == 404
    assert browser_of(ada).get(f"/statements/{number}").status_code == 404
    mine = browser_of(ada).post("/statements/", days())["Location"].removeprefix("/statements/")
    assert browser_of(bola).get(f"{place}{mine}").status_code == 404


def test_the_month_is_there_by_itself(place: str, merchant: Merchant, bola: User) -> None:
    today = timezone.localdate()
    following = (today.replace(day=1) + timedelta(days=40)).replace(day=2)
    at = timezone.now() + timedelta(days=(following - today).days)
    make_monthly(month=today, at=at)
    with acting_as_service():
        month = Statement.objects.get(account=merchant.account_id, monthly=True)
    shown = browser_of(bola).get(place)
    assert today.strftime("%B") in text(shown) and f"{month.pk}/statement.pdf" in shown.content.decode()


def test_days_that_make_no_sense_are_refused(place: str, bola: User) -> None:
    tomorrow = timezone.localdate() + timedelta(days=1)
    page = browser_of(bola).post(place, {"since": days()["since"], "until": tomorrow.isoformat()})
    assert page.status_code == 422 and "Choose a day that is over" in text(page)
