"""Sending money: who and how much, a look at it, and done. What was looked at is what is posted, once."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core import signing
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import services as accounts
from accounts.models import User
from accounts.requests import PersonRequest
from accounts.services import RecipientNotFound
from accounts.step_up import step_up_required
from core.errors import DomainError
from core.ids import posting_id
from core.templatetags.money import money
from wallet import services, wording
from wallet.fees import FeeQuote
from wallet.forms import SendForm
from wallet.models import Account, PausedTransfer
from wallet.refusals import InsufficientFunds, LimitExceeded, SameAccount, SingleAmountExceeded
from wallet.services.lookups import TooManyLookups
from wallet.services.transfers import TRANSFER
from wallet.templatetags.wallet import plain_amount
from wallet.views.access import own_wallet, wallet_page
from wallet.views.limits import until_midnight

ORDER_LIFE = 30 * 60


@dataclass(frozen=True)
class Order:
    """A transfer as it was reviewed. Signed for its sender, so that it cannot differ when it is confirmed."""

    posting: str
    recipient: str
    name: str
    typed: str
    amount: int
    note: str
    charges: dict[str, Any]
    paused: str = ""

    def signed(self, user: User) -> str:
        return signing.dumps(vars(self), salt=_salt(user))

    @classmethod
    def opened(cls, text: str, user: User) -> "Order":
        """Raises signing.BadSignature for one that is old, changed, or another's."""
        return cls(**signing.loads(text, salt=_salt(user), max_age=ORDER_LIFE))

    def as_kept(self) -> dict[str, Any]:
        return {"recipient": self.typed, "amount": self.amount, "note": self.note}

    def as_typed(self) -> dict[str, Any]:
        return {"recipient": self.typed, "amount": plain_amount(self.amount), "note": self.note}


def _salt(user: User) -> str:
    return f"wallet.send.{user.pk}"


@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
def send(request: PersonRequest) -> HttpResponse:
    """Ask who and how much; show what would happen."""
    wallet = own_wallet(request.user)
    if request.method != "POST":
        return _form_page(request, SendForm(initial={"recipient": request.GET.get("to", "")[:254]}), wallet)
    if "change" in request.POST:
        return _form_page(request, SendForm(initial=_reviewed(request)), wallet)
    form = SendForm(request.POST)
    if not form.is_valid():
        return _form_page(request, form, wallet, status=422)
    typed = form.cleaned_data
    return _quoted(request, form, wallet, typed)


@wallet_page
@require_http_methods(["GET", "HEAD"])
def resume(request: PersonRequest, paused_id: UUID) -> HttpResponse:
    """The review of a transfer that a limit stopped: asked anew, as if it were typed now."""
    wallet = own_wallet(request.user)
    paused = get_object_or_404(PausedTransfer.objects.visible_to(request.user), pk=paused_id, source=wallet)
    if paused.state != PausedTransfer.State.WAITING:
        messages.info(request, services.PausedTransferOver.message)
        return redirect("limits")
    typed = {"recipient": paused.typed, "amount": paused.amount, "note": paused.note}
    form = SendForm({**typed, "amount": plain_amount(paused.amount)})
    form.is_valid()
    return _quoted(request, form, wallet, typed, paused=paused)


def _quoted(
    request: PersonRequest,
    form: SendForm,
    wallet: Account,
    typed: dict[str, Any],
    paused: PausedTransfer | None = None,
) -> HttpResponse:
    """The review of what was typed, or why it cannot be."""
    try:
        services.count_lookup(user_id=request.user.id, at=timezone.now())
        quote = services.quote_transfer(
            source=wallet, recipient_text=typed["recipient"], amount=typed["amount"], at=timezone.now()
        )
        if paused and quote.recipient.user_id != paused.recipient_id:
            # Handles and addresses can go to somebody else.
            raise RecipientNotFound
    except TooManyLookups as refusal:
        return _slow_down(request, refusal)
    except LimitExceeded as refusal:
        return _stopped(request, wallet, typed, refusal)
    except DomainError as refusal:
        return _refused(request, form, wallet, refusal)
    return _review_page(request, wallet, quote, typed, paused)


@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: PersonRequest) -> HttpResponseBase:
    """Whoever comes by a link, as after signing in again, has nothing to confirm and starts anew."""
    if request.method != "POST":
        return redirect("send")
    confirmed: HttpResponseBase = _confirm(request)
    return confirmed


@step_up_required
def _confirm(request: PersonRequest) -> HttpResponse:
    """Post what was reviewed. A second click, or a second window, finds it done."""
    wallet = own_wallet(request.user)
    try:
        order = Order.opened(request.POST.get("order", ""), request.user)
    except signing.BadSignature:
        messages.error(
            request, _("This review is no longer valid, so nothing was sent just now. Please start again.")
        )
        return redirect("send")
    try:
        posting = _post(request, order, wallet)
    except LimitExceeded as refusal:
        return _stopped(request, wallet, order.as_kept(), refusal)
    except DomainError as refusal:
        form = SendForm(order.as_typed())
        form.is_valid()
        return _refused(request, form, wallet, refusal)
    amount = money(order.amount, wallet.currency_id)
    messages.success(request, _("You sent %(amount)s to %(name)s.") % {"amount": amount, "name": order.name})
    return redirect("transaction", posting.id)


def _post(request: PersonRequest, order: Order, wallet: Account) -> services.Posting:
    at, posting, charges = timezone.now(), UUID(order.posting), FeeQuote.from_data(order.charges)
    if order.paused:
        paused = PausedTransfer.objects.visible_to(request.user).select_related("source").get(pk=order.paused)
        return services.resume_transfer(paused=paused, posting_id=posting, at=at, charges=charges)
    return services.transfer(
        posting_id=posting,
        source=wallet,
        recipient_id=UUID(order.recipient),
        amount=order.amount,
        note=order.note,
        at=at,
        charges=charges,
    )


def _stopped(
    request: PersonRequest, wallet: Account, typed: dict[str, Any], refusal: LimitExceeded
) -> HttpResponse:
    """Which limit it was, and what can be done. What was asked for is kept, so that it can be sent later."""
    at = timezone.now()
    paused = services.pause_transfer(
        source=wallet,
        recipient=accounts.find_recipient(text=typed["recipient"]),
        typed=typed["recipient"],
        amount=typed["amount"],
        note=typed["note"],
        refusal=refusal,
        at=at,
    )
    context = {
        "wallet": wallet,
        "paused": paused,
        "facts": refusal.data,
        "is_single": isinstance(refusal, SingleAmountExceeded),
        "never_fits": paused.amount > refusal.data["limit"],
        "resets_in": until_midnight(parse_datetime(refusal.data["resets_at"]) or at, at=at),
    }
    return render(request, "wallet/limit_hit.html", context, status=422)


def _review_page(
    request: PersonRequest,
    wallet: Account,
    quote: services.TransferQuote,
    typed: dict[str, Any],
    paused: PausedTransfer | None = None,
) -> HttpResponse:
    order = Order(
        posting=str(posting_id()),
        recipient=str(quote.recipient.user_id),
        name=quote.recipient.display_name,
        typed=typed["recipient"],
        amount=quote.amount,
        note=typed["note"],
        charges=quote.charges.as_data(),
        paused=str(paused.pk) if paused else "",
    )
    context = {
        "wallet": wallet,
        "quote": quote,
        "note": order.note,
        "order": order.signed(request.user),
        "is_first": not services.has_sent_to(account=wallet, recipient_id=quote.recipient.user_id),
    }
    return render(request, "wallet/send_review.html", context)


def _form_page(request: PersonRequest, form: SendForm, wallet: Account, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "wallet": wallet,
        "recent": services.recent_recipients(account=wallet),
        "limits": services.limits_of(account=wallet, at=timezone.now()),
        "prices": wording.prices(
            services.prices_of(account=wallet, kind=TRANSFER, at=timezone.now()), wallet.currency_id
        ),
    }
    return render(request, "wallet/send.html", context, status=status)


def _reviewed(request: PersonRequest) -> dict[str, Any]:
    """What stood on the review page that the sender wants to change."""
    try:
        return Order.opened(request.POST.get("order", ""), request.user).as_typed()
    except signing.BadSignature:
        return {}


def _refused(request: PersonRequest, form: SendForm, wallet: Account, refusal: DomainError) -> HttpResponse:
    """The form as it was typed, with the reason; missing money is told with the money that is there."""
    if isinstance(refusal, InsufficientFunds):
        form.add_error("amount", _too_little(refusal, wallet))
    elif isinstance(refusal, RecipientNotFound | SameAccount):
        form.add_error("recipient", str(refusal))
    else:
        form.add_error(None, str(refusal))
    wallet.refresh_from_db()
    return _form_page(request, form, wallet, status=422)


def _too_little(refusal: InsufficientFunds, wallet: Account) -> str:
    facts = {"available": money(int(refusal.data["available"]), wallet.currency_id)}
    if not refusal.data.get("fees"):
        return _("You have %(available)s available.") % facts
    facts["fees"] = money(refusal.data["fees"], wallet.currency_id)
    facts["total"] = money(refusal.data["amount"], wallet.currency_id)
    return (
        _("You have %(available)s available. Sending this costs %(fees)s, so you need %(total)s in all.")
        % facts
    )


def _slow_down(request: PersonRequest, refusal: TooManyLookups) -> HttpResponse:
    seconds = refusal.data["retry_after"]
    response = render(request, "429.html", {"retry_after": seconds}, status=429)
    response["Retry-After"] = str(seconds)
    return response
