"""A day reconciled and closed: one agent takes in the gateway's file and puts things right, another closes the day."""

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import expect

from accounts import roles
from accounts.models import User
from config.tests.browsing import DESKTOP, Look, Visitor
from config.tests.visiting import log_in, person, press
from conftest import superuser
from core.actors import acting_as_service
from core.staff import start_of
from wallet.models import ReconciledDay
from wallet.services import reconciliation
from wallet.tests.reconciling import Clearing

AGENT, ADMIN = "agent@alajo.test", "admin@alajo.test"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.parametrize("visitor", [Look(DESKTOP)], indirect=True, ids=lambda look: str(look)),
]


@pytest.fixture
def yesterday(site: str, tmp_path: Path) -> Iterator[tuple[Clearing, date, Path]]:
    """Four deposits of yesterday, and the gateway's file of that day, which tells three of them, one without a name."""
    call_command("seed_demo", verbosity=0)
    clearing, day = Clearing(), timezone.localdate() - timedelta(days=1)
    noon = start_of(day) + timedelta(hours=12)
    fits, nameless, also = (clearing.paid(amount, fee=100) for amount in (250_000, 120_000, 40_000))
    clearing.posted(30_000, description="transfer that never arrived")
    # The books are as of now; this day's are moved to yesterday, and what was before to before it.
    with superuser(settings.DATABASES["default"]["NAME"]) as database:
        database.execute("set session_replication_role = replica")
        # The story begins before the gateway told anything.
        for table in ("breakchange", "break", "match", "gatewayrow", "rowimport"):
            database.execute(f"delete from wallet_{table}")
        ours = (fits.posting_id, nameless.posting_id, also.posting_id)
        database.execute("update wallet_transaction set recorded_at = %s", [noon])
        database.execute(
            "update wallet_transaction set recorded_at = %s where kind <> 'SURPLUS' and posting_id <> all(%s)"
            " and description <> 'transfer that never arrived'",
            [noon - timedelta(days=3), list(ours)],
        )
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(["Id", "Date", "Reference", "Narration", "Amount"])
    for number, (payment, reference) in enumerate(
        ((fits, fits.reference), (nameless, ""), (also, also.reference))
    ):
        at = (noon + timedelta(seconds=number)).isoformat()
        writer.writerow([f"L-{number}", at, reference, "Payment", f"{(payment.amount - 100) / 100:,.2f}"])
    path = tmp_path / "paystack.csv"
    path.write_text(out.getvalue(), encoding="utf-8-sig")
    yield clearing, day, path


def at_work(visitor: Visitor, email: str, group: str) -> User:
    with acting_as_service():
        User.objects.get(email=email).groups.set(Group.objects.filter(name=group))
    visitor.forget()
    log_in(visitor, email)
    return person(email)


def test_a_day_is_reconciled_and_closed(visitor: Visitor, yesterday: tuple[Clearing, date, Path]) -> None:
    clearing, day, path = yesterday
    page = visitor.page
    report = f"/staff/wallet/reconciledday/day/{clearing.account.pk}/{day.isoformat()}/"
    at_work(visitor, AGENT, roles.FINANCE)
    visitor.go("/staff/wallet/reconciledday/")
    expect(page.get_by_role("main")).to_contain_text("Nothing was taken in yet")
    page.get_by_role("link", name="Take in a file").first.click()
    visitor.check()
    page.get_by_label("Whose file it is").select_option(label="PAYSTACK_CLEARING")
    page.get_by_label("File", exact=True).set_input_files(path)
    press(page, "Go on")
    page.wait_for_url("**/mapping/")
    visitor.check()
    page.get_by_label("Name of this mapping").fill("Paystack export")
    press(page, "Look at it")
    page.wait_for_url("**/preview/")
    expect(page.get_by_role("main")).to_contain_text("₦4,097.00")
    visitor.check()
    press(page, "Take it in")
    page.wait_for_url("**/change/")
    visitor.check()
    reconciliation.reconcile(account_id=clearing.account.pk, at=timezone.now())
    visitor.go("/staff/wallet/reconciledday/")
    expect(page.get_by_role("main")).to_contain_text("1 open")
    visitor.go(report)
    expect(page.get_by_role("main")).to_contain_text("It cannot be closed yet")
    page.get_by_role("link", name="transfer that never arrived").click()
    page.get_by_role("link", name="transfer that never arrived").first.click()
    visitor.check()
    page.get_by_role("link", name="Explain").click()
    page.get_by_label("Reason").fill("The bank confirms that it was never sent")
    press(page, "Explain")
    expect(page.get_by_role("main")).to_contain_text("Explained")
    visitor.check()
    visitor.go(report)
    page.get_by_role("link", name="Propose to close it").click()
    page.get_by_label("Reason").fill("Everything of the day is matched or explained")
    press(page, "See what it changes")
    expect(page.get_by_role("main")).to_contain_text("₦300.00")
    press(page, "Propose this")
    visitor.check()
    proposal = page.url
    at_work(visitor, ADMIN, roles.FINANCE)
    page.goto(proposal)
    page.get_by_label("What you looked at, and what you found").fill("The figures are those of the bank")
    press(page, "Approve")
    visitor.go(report)
    expect(page.get_by_role("main")).to_contain_text("frozen")
    with acting_as_service():
        closed = ReconciledDay.objects.get()
    assert (closed.day, closed.figures["explained"], closed.made_by_id != closed.checked_by_id) == (
        day,
        30_000,
        True,
    )
