"""Automatic saving as customers set it up, and what the task does on a day."""

from datetime import date, datetime, time
from typing import Any

from accounts.models import User
from core.actors import acting_as_service
from core.ids import posting_id, uuid7
from savings.interest import Every, Terms
from savings.models import AutoRun, AutoSaving, SavingsPlan, UserSavings
from savings.services import Wish, automatic
from savings.tests.world import DAY, NAIRA, TEN, day, moment, opened, plan_of
from wallet import services as wallet
from wallet.models import Account

EARLY = time(6, 5)
# Interest is paid at the end alone, so that no end of a month changes what a test counts.
QUIET = Terms(bands=TEN.bands, paid=Every.END, tax=TEN.tax)


def quiet(kind: str = "FLEXIBLE", **changes: Any) -> SavingsPlan:
    return plan_of(kind, terms=QUIET, **changes)


def planned(user: User, saving: UserSavings, **facts: Any) -> AutoSaving:
    """A thousand naira a day, unless it is said otherwise."""
    given = {"kind": "RHYTHM", "amount": 1_000 * NAIRA, "first_date": day(20), "at": moment(day(20)), **facts}
    return automatic.plan_automatic(
        automatic_id=given.pop("automatic_id", uuid7()), saving_id=saving.pk, user=user, **given
    )


def towards(
    user: User, *, naira: int = 13_000, begin: int = 1_000, back: int = 50, days: int = 49
) -> UserSavings:
    """A saving towards a target within so many days, that began so many days ago with so much."""
    wish = Wish(name="Rent", target=naira * NAIRA, target_date=day(back) + days * DAY)
    return opened(user, quiet("TARGET"), naira=begin, at=moment(day(back)), wish=wish)


def work(at: datetime) -> None:
    """What the task does at that time."""
    automatic.make_due_runs(at=at)
    while (run_id := automatic.take_due_run(at=at)) is not None:
        automatic.run_automatic(run_id=run_id, at=at)


def mornings(first: date, last: date) -> None:
    """The task on each morning from `first` to `last`."""
    while first <= last:
        work(moment(first, EARLY))
        first += DAY


def runs(own: AutoSaving) -> list[tuple[date, str, int | None]]:
    with acting_as_service():
        found = AutoRun.objects.filter(automatic=own).order_by("due_date")
        return list(found.values_list("due_date", "state", "amount"))


def run_of(own: AutoSaving, on: date) -> AutoRun:
    with acting_as_service():
        return AutoRun.objects.get(automatic=own, due_date=on)


def fresh(own: AutoSaving) -> AutoSaving:
    with acting_as_service():
        return AutoSaving.objects.get(pk=own.pk)


def empty(source: Account, *, leave: int = 0) -> int:
    """Take all but so many naira out of a wallet, and return how much that was (kobo)."""
    with acting_as_service():
        gone = Account.objects.get(pk=source.pk).balance - leave * NAIRA
        line = wallet.Line("ADJUSTMENT", source.pk, wallet.system_account("EQUITY"), gone)
        wallet.post(posting_id=posting_id(), lines=[line])
    return gone


def refill(source: Account, amount: int) -> None:
    with acting_as_service():
        line = wallet.Line("DEPOSIT", wallet.system_account("PAYSTACK_CLEARING"), source.pk, amount)
        wallet.post(posting_id=posting_id(), lines=[line])
