"""What wallets tell of savings: their names, and why money of one is there."""

from collections.abc import Iterable, Iterator
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.templatetags.money import money
from savings.models import Accrual, ClosingQuote, Move, UserSavings
from savings.services.days import DAY
from wallet.models import Account, Entry, Transaction
from wallet.services import counterparties, explaining
from wallet.services.explaining import Cause
from wallet.wording import SAVINGS


def causes(entry: Entry) -> Iterator[Cause]:
    """The saving that a movement belongs to, and how its interest, its tax or its penalty comes about.

    Staff are led to the saving by each of them: its page has its days, movements and quotes.
    """
    if entry.kind not in SAVINGS:
        return
    saving = _saving_of(entry)
    if saving is None:
        return
    page = reverse("saving", args=[saving.pk])
    yield Cause(gettext_lazy("Saving"), f"{saving.name} · {saving.plan.name}", saving, href=page)
    move = Move.objects.filter(pk=entry.transaction_id, saving=saving).first()
    if move is not None:
        yield Cause(gettext_lazy("Counts from"), date_format(move.value_date, "j F Y"), saving)
    accrual = _day_of(entry, saving)
    if accrual is not None:
        yield Cause(gettext_lazy("Interest"), _of_interest(accrual, entry.currency), saving)
    quote = ClosingQuote.objects.filter(posting_id=entry.posting_id, saving=saving).first()
    if quote is not None:
        yield Cause(gettext_lazy("Ended"), _of_ending(quote, entry.currency), saving)
    if entry.kind in ("INTEREST", "WITHHOLDING_TAX") and move is None and not accrual and not quote:
        text = _("Interest for the whole time was paid on the first day.")
        yield Cause(gettext_lazy("Interest"), text, saving)


def _saving_of(entry: Entry) -> UserSavings | None:
    """Of one posting, one account is a saving's; rolled over, the one that money came from is meant first."""
    lines = Transaction.objects.of_posting(entry.posting_id)
    sides = {account for line in lines for account in (line.debit_account_id, line.credit_account_id)}
    owner = Account.objects.values_list("owner_id", flat=True).get(pk=entry.account_id)
    found = UserSavings.objects.filter(account_id__in=sides, user_id=owner).select_related("plan")
    own = found.filter(account_id=entry.account_id).first()
    return own or found.order_by("pk").first()


def _day_of(entry: Entry, saving: UserSavings) -> Accrual | None:
    """The day whose closing posted it: the one that ended when it took effect."""
    if entry.kind not in ("INTEREST", "WITHHOLDING_TAX"):
        return None
    posted = Q(posting_id=entry.posting_id) | Q(tax_posting_id=entry.posting_id)
    after = localdate(entry.effective_at)
    return Accrual.objects.of(saving, since=after - DAY, before=after).order_by("pk").filter(posted).first()


def _of_interest(accrual: Accrual, currency: str) -> str:
    return _(
        "Earned up to %(day)s, lately at %(rate)s%% a year: %(paid)s, of which %(tax)s tax is withheld"
    ) % {
        "day": date_format(accrual.day, "j F Y"),
        "rate": f"{accrual.rate.normalize():f}",
        "paid": money(accrual.paid, currency),
        "tax": money(accrual.tax, currency),
    }


def _of_ending(quote: ClosingQuote, currency: str) -> str:
    words = _("On %(day)s, as it was quoted: %(paid)s to the wallet")
    if quote.is_early:
        words = _("Early, on %(day)s, as it was quoted: %(paid)s to the wallet")
    return words % {"day": date_format(quote.day, "j F Y"), "paid": money(quote.pays_out, currency)}


def names_of(account_ids: Iterable[UUID]) -> dict[UUID, str]:
    """What savings are called, by their accounts."""
    return dict(UserSavings.objects.filter(account__in=account_ids).values_list("account_id", "name"))


def register() -> None:
    explaining.sources.append(causes)
    counterparties.namers.append(names_of)
