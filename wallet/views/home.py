"""The start page: what there is, what is waiting, what is new."""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_htmx.http import trigger_client_event

from accounts import notice_words
from accounts.models import Notification, Profile, User
from accounts.requests import PersonRequest
from accounts.services import kyc
from wallet.models import Account, Dispute, Entry, Hold, Payment, Payout, Refund
from wallet.views.access import NotACustomer, own_wallet, wallet_page
from wallet.views.limits import offers_of
from wallet.views.rows import Row, rows_of
from wallet.views.seen import word_for

RECENT, WAITING, NOTICES = 5, 5, 3
# A payment just started is asked about often; one left lying is not worth it.
FRESH, SOON, LATER = timedelta(minutes=10), 2, 30


@dataclass(frozen=True)
class Summary:
    """A customer's money at this moment; amounts in minor units."""

    wallet: Account
    kept: int
    holds: list[Hold]
    payments: list[Payment]
    withdrawals: list[Payout]
    # By a hold's id, the address of the page that tells why.
    claims: dict[UUID, str]
    recent: list[Row] = field(repr=False)

    @property
    def total(self) -> int:
        return self.wallet.balance + self.kept

    @property
    def is_new(self) -> bool:
        return not self.recent and not self.payments

    @property
    def seen(self) -> str:
        """Changes with anything that the page shows of this."""
        wallet = self.wallet
        return word_for(
            wallet.version, wallet.held, wallet.cap, self.kept, payments=[*self.payments, *self.withdrawals]
        )

    @property
    def poll_seconds(self) -> int | None:
        return poll_seconds(*self.payments, *self.withdrawals)


def poll_seconds(*payments: Payment | Payout) -> int | None:
    """Return after how many seconds to look again, None when nothing is open."""
    started = [payment.created_at for payment in payments if payment.is_open]
    if not started:
        return None
    return SOON if timezone.now() - max(started) < FRESH else LATER


def summary_of(user: User) -> Summary:
    """Raises NotACustomer."""
    wallet = own_wallet(user)
    kept = (
        Account.objects.visible_to(user).filter(kind=Account.Kind.HELD, currency=wallet.currency_id).first()
    )
    is_held = wallet.held or (kept and kept.held)
    holds = list(Hold.objects.visible_to(user).open().order_by("expires_at", "id")) if is_held else []
    return Summary(
        wallet=wallet,
        kept=kept.balance if kept else 0,
        holds=holds,
        claims=_claims_on(holds),
        payments=list(Payment.objects.visible_to(user).not_in_balance().order_by("-id")[:WAITING]),
        withdrawals=list(
            Payout.objects.visible_to(user).open().select_related("bank_account").order_by("-id")[:WAITING]
        ),
        recent=rows_of(Entry.objects.of(wallet)[:RECENT]),
    )


def _claims_on(holds: list[Hold]) -> dict[UUID, str]:
    """The withdrawals, refunds and disputes that some of the holds are for."""
    keys = [hold.pk for hold in holds]
    if not keys:
        return {}
    refunds = Refund.objects.filter(hold_id__in=keys).values_list("hold_id", "pk")
    disputes = Dispute.objects.filter(hold_id__in=keys).values_list("hold_id", "pk")
    withdrawals = Payout.objects.filter(hold_id__in=keys).values_list("hold_id", "pk")
    return {
        **{hold: reverse("withdrawal", args=[pk]) for hold, pk in withdrawals},
        **{hold: reverse("refund", args=[pk]) for hold, pk in refunds},
        **{hold: reverse("dispute", args=[pk]) for hold, pk in disputes},
    }


@never_cache
@require_safe
def home(request: PersonRequest) -> HttpResponse:
    try:
        summary = summary_of(request.user)
    except NotACustomer:
        return render(request, "wallet/home_staff.html")
    unread = Notification.objects.visible_to(request.user).unread()
    notices = [notice_words.notice(notice) for notice in unread.order_by("-id")[:NOTICES]]
    name = Profile.objects.filter(user=request.user).values_list("display_name", flat=True).first() or ""
    at = timezone.now()
    context = {
        "summary": summary,
        "notices": notices,
        "name": name,
        "kyc": kyc.card_of(user=request.user, at=at),
        "paused": offers_of(request.user, at=at),
    }
    return render(request, "wallet/home.html", context)


@wallet_page
@require_safe
def summary(request: PersonRequest) -> HttpResponse:
    """The part of the start page that changes by itself; nothing when it has not changed."""
    summary = summary_of(request.user)
    if request.GET.get("seen") == summary.seen:
        return HttpResponse(status=204)
    response = render(request, "wallet/_summary.html", {"summary": summary})
    return trigger_client_event(response, "toast", {"text": _("Your balance is up to date."), "tone": "info"})


@never_cache
@require_safe
def more(request: PersonRequest) -> HttpResponse:
    """Everything that a customer finds here, in a list."""
    if request.user.is_staff:
        return redirect("home")
    return render(request, "wallet/more.html")
