"""Cooling off: for a day after a way in changed, only so much is sent, since the change may be a thief's."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Sum
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import services as accounts
from core.ids import uuid7_at
from core.templatetags.money import money
from wallet.models import Account, CoolingOffRule, Payout, Transaction
from wallet.refusals import LedgerRefusal

WINDOW = timedelta(hours=24)
OUT = ("TRANSFER", "WITHDRAWAL")


class CoolingOff(LedgerRefusal):
    """`data["until"]` says when larger amounts can be sent again, `data["available"]` how much can be until then."""

    code = "cooling_off"
    kind = "forbidden"
    message = gettext_lazy("A way to log in changed lately, so only small amounts can be sent for a day.")
    public = ("until", "available")


def most(*, currency: str, at: datetime) -> int:
    """What one account may send in all within `WINDOW` while it holds; nothing of a currency that has no rule."""
    rules = CoolingOffRule.objects.filter(currency=currency, from_date__lte=timezone.localdate(at))
    return rules.order_by("-from_date").values_list("amount", flat=True).first() or 0


def check_cooling_off(*, source: Account, amount: int, at: datetime, posting_id: UUID | None = None) -> None:
    """Refuse more than `most` within `WINDOW` to an owner whose way in has not settled; raises CoolingOff.

    Sends of one account that come at once wait for each other here. A repeat of one that was made is let through.
    """
    if source.owner_id is None:
        return
    until = accounts.unsettled_until(user_id=source.owner_id, at=at)
    if until is None:
        return
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"cooling_off:{source.pk}"])
    sent = Transaction.objects.filter(debit_account_id=source.pk, kind__in=OUT)
    if posting_id and sent.filter(pk=posting_id).exists():
        return
    gone = sent.filter(pk__gte=uuid7_at(at - WINDOW)).aggregate(total=Sum("amount"))["total"] or 0
    waiting = Payout.objects.filter(account=source).open().aggregate(total=Sum("amount"))["total"] or 0
    available = max(0, most(currency=source.currency_id, at=at) - int(gone) - int(waiting))
    if amount > available:
        words = {
            "available": money(available, source.currency_id),
            "until": date_format(timezone.localtime(until), "j F, H:i"),
        }
        raise CoolingOff(
            _(
                "Your password, e-mail address or second step changed lately. To keep your money safe, you can send "
                "at most %(available)s more until %(until)s."
            )
            % words,
            until=until.isoformat(),
            available=available,
        )
