"""The offers that a borrower has, side by side; reviewing what was chosen, and accepting just that."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.core import signing
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.requests import PersonRequest
from accounts.step_up import step_up_required
from core.errors import DomainError
from core.ids import uuid7
from credit import borrowing_words, offer_words
from credit.agreeing import Agreed, Part, agreed_on, filled
from credit.models import Application, Bid, Contract
from credit.offering import schedule_of
from credit.pricing import price
from credit.refusals import BidNotFound
from credit.services.accepting import accept, parts_of
from credit.services.locking import database_now
from credit.services.offered import lends, open_offers, reaching
from credit.standing import Row as Instalment
from credit.states import State
from credit.terms_data import late_of, rules_of

ORDER_LIFE = 30 * 60
SORTS = {
    "apr": gettext_lazy("Yearly cost"),
    "total": gettext_lazy("Total to pay"),
    "monthly": gettext_lazy("Instalment"),
    "ends": gettext_lazy("Ends first"),
}
OPEN = (State.LISTED, State.OFFERED)


@dataclass(frozen=True)
class Row:
    """One offer beside the others. `instalment` (minor units) is the largest; `is_level`: all but the last alike."""

    bid: Bid
    instalment: int
    is_level: bool
    method: str
    late: str
    is_good: bool


@dataclass(frozen=True)
class Order:
    """What was reviewed. Signed for its owner, so that it cannot differ when it is accepted."""

    key: str
    bids: list[str]
    short_by: int

    def signed(self, user: User, application: Application) -> str:
        return signing.dumps(vars(self), salt=_salt(user, application))

    @classmethod
    def opened(cls, text: str, user: User, application: Application) -> "Order":
        """Raises signing.BadSignature for one that is old, changed, or another's."""
        return cls(**signing.loads(text, salt=_salt(user, application), max_age=ORDER_LIFE))


def _salt(user: User, application: Application) -> str:
    return f"credit.accept.{user.pk}.{application.pk}"


@never_cache
@require_safe
def offers(request: PersonRequest, application_id: UUID) -> HttpResponse:
    """Every open offer, the cheapest by its yearly cost first unless the address says otherwise."""
    application = _own(request, application_id)
    at = database_now()
    sort = request.GET.get("sort", "apr")
    rows = _sorted(_rows(application, at), sort)
    chosen = Contract.objects.filter(application=application, ended_at=None).first()
    context = {
        "application": application,
        "rows": rows,
        "sort": sort if sort in SORTS else "apr",
        "sorts": SORTS.items(),
        "is_open": _is_open(application, at),
        "chosen": chosen,
        "suggested": _suggested(application, rows) if application.pools else None,
    }
    return render(request, "credit/offers.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def accept_offer(request: PersonRequest, application_id: UUID) -> HttpResponseBase:
    """Review what was chosen by the address; a POST accepts what was reviewed."""
    application = _own(request, application_id)
    if request.method != "POST":
        try:
            bids = _asked(request, application)
            return _review(request, application, bids, _order(application, bids))
        except DomainError as refusal:
            return _back(request, application, refusal)
    try:
        order = Order.opened(request.POST.get("order", ""), request.user, application)
    except signing.BadSignature:
        messages.error(
            request, _("This review is no longer valid, so nothing was accepted. Please choose again.")
        )
        return redirect("loan_offers", application.pk)
    if order.short_by and "part" not in request.POST:
        bids = _named(application, [UUID(one) for one in order.bids])
        return _review(request, application, bids, order, is_missing=True)
    confirmed: HttpResponseBase = _confirm(request, application, order)
    return confirmed


@step_up_required
def _confirm(request: PersonRequest, application: Application, order: Order) -> HttpResponse:
    """Accept what was reviewed. A second click, or a second window, finds it accepted."""
    try:
        accept(
            application_id=application.pk,
            bid_ids=[UUID(one) for one in order.bids],
            user=request.user,
            at=database_now(),
            key=UUID(order.key),
            takes_part=bool(order.short_by),
        )
    except DomainError as refusal:
        return _back(request, application, refusal)
    messages.success(request, _("You accepted the offer. Next you sign the agreement: read it in peace."))
    return redirect("loan_offers", application.pk)


def _review(
    request: PersonRequest,
    application: Application,
    bids: Sequence[Bid],
    order: Order,
    *,
    is_missing: bool = False,
) -> HttpResponse:
    parts = parts_of(application, bids, takes_part=True)
    agreed = agreed_on(UUID(order.key), application, parts, start=timezone.localdate())
    rows = _schedule(agreed)
    context = {
        "application": application,
        "agreed": agreed,
        "figures": agreed.figures,
        "parts": parts,
        "rows": rows,
        "instalment": max(row.payment for row in rows),
        "conditions": _conditions(parts),
        "late": borrowing_words.late(late_of(agreed.rules["late"]), application.currency_id),
        "method": borrowing_words.method(rules_of(agreed.rules["schedule"])),
        "signed": order.signed(request.user, application),
        "short_by": order.short_by,
        "is_missing": is_missing,
    }
    return render(request, "credit/accept.html", context, status=422 if is_missing else 200)


def _order(application: Application, bids: Sequence[Bid]) -> Order:
    short_by = filled(application, bids).short_by
    return Order(key=str(uuid7()), bids=[str(bid.pk) for bid in bids], short_by=short_by)


def _schedule(agreed: Agreed) -> tuple[Instalment, ...]:
    figures = agreed.figures
    found = price(
        rules_of(agreed.rules["schedule"]),
        amount=figures.amount,
        count=figures.count,
        rate=figures.rate,
        start=timezone.localdate(),
        fee_fixed=figures.fees,
    )
    return found.rows


def _conditions(parts: Sequence[Part]) -> list[str]:
    return list(dict.fromkeys(one for part in parts for one in part.bid.conditions))


def _own(request: PersonRequest, application_id: UUID) -> Application:
    return get_object_or_404(Application.objects.visible_to(request.user), pk=application_id)


def _is_open(application: Application, at: datetime) -> bool:
    return application.state in OPEN and application.deadline is not None and at < application.deadline


def _asked(request: PersonRequest, application: Application) -> list[Bid]:
    try:
        ids = [UUID(one) for one in request.GET.getlist("bid")[:50]]
    except ValueError as error:
        raise BidNotFound from error
    return _named(application, ids)


def _named(application: Application, ids: Sequence[UUID]) -> list[Bid]:
    """The live offers of these ids. Raises BidNotFound where one of them is not there any more."""
    found = {bid.pk: bid for bid in open_offers(application, at=database_now())}
    if not ids or any(one not in found for one in ids):
        raise BidNotFound
    return [found[one] for one in dict.fromkeys(ids)]


def _rows(application: Application, at: datetime) -> list[Row]:
    on = timezone.localdate(at)
    return [_row(bid, is_good=lends(bid.provider, on)) for bid in open_offers(application, at=at)]


def _row(bid: Bid, *, is_good: bool) -> Row:
    payments = [row.payment for row in schedule_of(bid).rows]
    terms, is_level = bid.product_terms, len(set(payments[:-1])) <= 1
    return Row(
        bid=bid,
        instalment=payments[0] if is_level else max(payments),
        is_level=is_level,
        method=borrowing_words.method(rules_of(terms.rules)),
        late=borrowing_words.late(late_of(terms.late), terms.product.currency_id),
        is_good=is_good,
    )


def _sorted(rows: list[Row], sort: str) -> list[Row]:
    """Rows come by yearly cost; those that are alike stay in that order. What we earn is never looked at."""
    keys = {
        "total": lambda row: row.bid.total_payable,
        "monthly": lambda row: row.instalment,
        "ends": lambda row: row.bid.expires_at,
    }
    return sorted(rows, key=keys[sort]) if sort in keys else rows


def _suggested(application: Application, rows: Sequence[Row]) -> list[Bid]:
    """For a pool: the cheapest offers that together reach what was asked, or all there are."""
    return reaching(application, [row.bid for row in rows if row.is_good])


def _back(request: PersonRequest, application: Application, refusal: DomainError) -> HttpResponse:
    """To the offers as they are now, with the reason."""
    messages.error(request, offer_words.to_borrower(refusal))
    return redirect("loan_offers", application.pk)
