"""What is to be saved on a day of automatic saving, and why that may be nothing. Reads, and writes nothing."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext as _

from core.templatetags.money import money
from savings.models import AutoRun, AutoSaving
from savings.services import coming
from savings.services.holding import Held, wallet_of
from savings.services.terms import terms_of
from wallet import services as wallet
from wallet.services.statements.lines import end_of, start_of

REACHED, FULL, TOO_LITTLE = "target_reached", "saving_full", "saving_too_little"
NOTHING_TO_SAVE = "nothing_to_save"
DAY = timedelta(days=1)
Kind = AutoSaving.Kind


@dataclass(frozen=True)
class Owed:
    """An amount (minor units) to be saved; with a code, it is not, and the reason says why."""

    amount: int
    code: str = ""
    reason: str = ""


def owed(run: AutoRun, held: Held) -> Owed:
    """Return what a day comes to: never more than the target or the plan has room for. Raises a DomainError."""
    automatic, saving = run.automatic, held.saving
    if automatic.follows_target:
        missing = coming.missing_of(saving)
        if not missing:
            return Owed(0, REACHED, _("The target is reached."))
        amount = coming.least(saving, min(run.amount or automatic.amount, missing), held.today)
    else:
        amount = _amount(run, held)
    if amount <= 0:
        return Owed(0, NOTHING_TO_SAVE, _NOTHING[Kind(automatic.kind)]())
    terms = terms_of(saving, held.today)
    if terms.maximum is not None and held.balance + amount > terms.maximum:
        amount = terms.maximum - held.balance
        if amount <= 0:
            return Owed(0, FULL, _("This plan holds no more."))
    if automatic.kind != Kind.RHYTHM and amount < terms.minimum:
        words = {
            "amount": money(amount, saving.plan.currency_id),
            "minimum": money(terms.minimum, saving.plan.currency_id),
        }
        reason = _("It came to %(amount)s, and this plan takes %(minimum)s or more at a time.")
        return Owed(amount, TOO_LITTLE, reason % words)
    return Owed(amount)


_NOTHING = {
    Kind.RHYTHM: lambda: _("There was nothing to save."),
    Kind.ROUND_UP: lambda: _("There was nothing to round up the day before."),
    Kind.SWEEP: lambda: _("Your wallet held no more than you keep in it."),
}


def _amount(run: AutoRun, held: Held) -> int:
    automatic, saving = run.automatic, held.saving
    if automatic.kind == Kind.RHYTHM:
        return run.amount or automatic.amount
    source = wallet_of(saving.user_id, saving.plan.currency_id)
    if automatic.kind == Kind.SWEEP:
        return source.available - automatic.amount
    if run.tries and run.amount is not None:
        return run.amount
    before = run.due_date - DAY
    payments = wallet.payments_out(account=source, since=start_of(before), until=end_of(before))
    return sum(-paid % automatic.amount for paid in payments) + _kept(run)


def _kept(run: AutoRun) -> int:
    """What was too little to be saved on the day before, with what that day had kept, is saved with this one."""
    days = AutoRun.objects.filter(automatic_id=run.automatic_id, due_date__lt=run.due_date)
    last = days.order_by("-due_date").first()
    return (last.amount or 0) if last is not None and last.code == TOO_LITTLE else 0
