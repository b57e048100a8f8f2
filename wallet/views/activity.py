"""What happened: the feed, and one movement of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Profile, User
from accounts.requests import PersonRequest
from wallet import services, wording
from wallet.fees import CREDITED
from wallet.forms import ActivityFilter, ReportForm
from wallet.models import Account, Entry, Hold, Payment, Payout, Recall
from wallet.models.ledger import EntryQuerySet
from wallet.services.archives import recalls
from wallet.services.reports import TooManyReports
from wallet.views.access import own_wallet, wallet_page
from wallet.views.rows import days_of, rows_of
from wallet.views.seen import word_for

PAGE = 20
WAITING = 10


@dataclass(frozen=True)
class EntryPage:
    """Some entries, newest first, and whether there are more on either side."""

    entries: Sequence[Entry]
    has_newer: bool
    has_older: bool


@dataclass(frozen=True)
class Charges:
    """What a movement cost whoever made it. `is_one` says that the movement is such a charge itself."""

    lines: Sequence[Entry]
    total: int
    is_one: bool

    @classmethod
    def of(cls, entry: Entry, found: Sequence[Entry]) -> "Charges":
        is_one = entry.kind in CREDITED
        lines = [] if is_one or entry.change > 0 else found
        return cls(lines, entry.amount + sum(line.amount for line in lines), is_one)


@wallet_page
@require_safe
def activity(request: PersonRequest) -> HttpResponse:
    """The feed. Which part of it, and narrowed by what, stands in the address. Its newest part asks again by itself."""
    wallet = own_wallet(request.user)
    form = ActivityFilter(request.GET)
    valid = form.is_valid()
    asked = form.cleaned_data
    page = page_of(narrowed(Entry.objects.of(wallet), wallet, asked), asked.get("before"), asked.get("after"))
    unsettled = _NOTHING if form.narrowing or page.has_newer else _not_settled(request.user)
    context = {
        "form": form,
        "wallet": wallet,
        "export": urlencode(form.narrowing),
        "older_away": not page.has_older and recalls.away(account=wallet).exists(),
        "older_coming": Recall.objects.filter(account=wallet, state=Recall.State.WAITING).exists(),
        **unsettled,
        "days": days_of(rows_of(page.entries), complete=not form.narrowing, from_newest=not page.has_newer),
        "directions": [
            (label, _address(form, direction=code), asked.get("direction", "") == code)
            for code, label in ActivityFilter.DIRECTIONS
        ],
        "newer": _address(form, after=page.entries[0].version) if page.has_newer else "",
        "older": _address(form, before=page.entries[-1].version) if page.has_older else "",
    }
    if valid and not page.has_newer:
        seen = word_for(wallet.version, wallet.held, payments=[*unsettled["payments"], *unsettled["payouts"]])
        if request.htmx and request.GET.get("seen") == seen:
            return HttpResponse(status=204)
        context["live"] = _address(form, seen=seen)
    return render(request, "wallet/activity.html", context, status=200 if valid else 422)


_NOTHING: dict[str, list[Any]] = {"payments": [], "payouts": [], "holds": []}


def _not_settled(user: User) -> dict[str, list[Any]]:
    """What is on its way in, what is on its way out, and what is set aside for anything else."""
    payouts = Payout.objects.visible_to(user).open()
    holds = Hold.objects.visible_to(user).open().exclude(pk__in=payouts.values("hold_id"))
    return {
        "payments": list(Payment.objects.visible_to(user).not_in_balance().order_by("-id")[:WAITING]),
        "payouts": list(payouts.select_related("bank_account").order_by("-id")[:WAITING]),
        "holds": list(holds.order_by("id")[:WAITING]),
    }


def page_of(entries: EntryQuerySet, before: int | None, after: int | None) -> EntryPage:
    """One page of a history that is ordered newest first. Rows that arrive meanwhile move no page."""
    if after is not None:
        newer = list(entries.after(after).order_by("version")[: PAGE + 1])
        if len(newer) > PAGE:
            return EntryPage(newer[PAGE - 1 :: -1], has_newer=True, has_older=True)
        before = None
    found = list((entries.before(before) if before else entries)[: PAGE + 1])
    if before and not found:
        return page_of(entries, None, None)
    return EntryPage(found[:PAGE], has_newer=before is not None, has_older=len(found) > PAGE)


def narrowed(entries: EntryQuerySet, wallet: Account, asked: dict[str, Any]) -> EntryQuerySet:
    if text := asked.get("q"):
        people = services.counterparties_named(account=wallet, text=text)
        entries = entries.filter(
            Q(description__icontains=text)
            | Q(counterparty__in=people)
            | Q(kind__in=wording.kinds_named(text))
        )
    if kind := asked.get("kind"):
        entries = entries.filter(kind=kind)
    if smallest := asked.get("smallest"):
        entries = entries.filter(amount__gte=smallest)
    if largest := asked.get("largest"):
        entries = entries.filter(amount__lte=largest)
    if direction := asked.get("direction"):
        incoming = Q(side=wallet.normal_side)
        entries = entries.filter(incoming if direction == "in" else ~incoming)
    if since := asked.get("since"):
        entries = entries.filter(effective_at__gte=_midnight(since))
    if until := asked.get("until"):
        entries = entries.filter(effective_at__lt=_midnight(until + timedelta(days=1)))
    return entries


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _address(form: ActivityFilter, **changes: object) -> str:
    """The feed's address with the filters in use and these changes, at the newest unless they say more."""
    wanted = {name: value for name, value in {**form.narrowing, **changes}.items() if value not in ("", None)}
    return "?" + urlencode(wanted)


@wallet_page
@require_safe
def transaction(request: PersonRequest, transaction_id: UUID) -> HttpResponse:
    """One movement on one of the caller's accounts, with its other side and what belongs to it."""
    entry = own_entry(request.user, transaction_id)
    together = Entry.objects.visible_to(request.user).of_posting(entry.posting_id)
    # Each movement once, also where both of its sides are the caller's.
    same_posting = {one.pk: one for one in together.order_by("transaction_id", "-version")}
    same_posting.pop(entry.pk, None)
    charges = Charges.of(entry, [other for other in same_posting.values() if other.kind in CREDITED])
    shown = {line.pk for line in charges.lines}
    context = {
        "row": rows_of([entry])[0],
        "charges": charges,
        "me": Profile.objects.filter(user=request.user).first(),
        "payment": Payment.objects.visible_to(request.user).filter(posting_id=entry.posting_id).first(),
        "payout": Payout.objects.visible_to(request.user)
        .filter(Q(posting_id=entry.posting_id) | Q(return_posting_id=entry.posting_id))
        .select_related("bank_account")
        .first(),
        "others": rows_of(other for other in same_posting.values() if other.pk not in shown),
        "reversed_by": services.reversed_by(posting_id=entry.posting_id),
        "report": services.report_of(entry=entry),
    }
    return render(request, "wallet/transaction.html", context)


@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: PersonRequest, transaction_id: UUID) -> HttpResponse:
    """Say what is wrong with one movement; staff get a case of it. What was said already is not asked again."""
    entry = own_entry(request.user, transaction_id)
    if request.method != "POST" and services.report_of(entry=entry):
        return redirect("transaction", transaction_id)
    form = ReportForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        text = form.cleaned_data["text"]
        try:
            services.report_problem(user=request.user, entry=entry, text=text, at=timezone.now())
        except TooManyReports as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("transaction", transaction_id)
    context = {"form": form, "row": rows_of([entry])[0]}
    return render(request, "wallet/report.html", context, status=422 if form.is_bound else 200)


def own_entry(user: User, transaction_id: UUID) -> Entry:
    """The caller's side of a movement. Raises Http404."""
    entries = Entry.objects.visible_to(user).filter(transaction_id=transaction_id).select_related("account")
    # Of what goes between a wallet and a saving, both sides are the caller's.
    of_wallet = entries.filter(account__kind=Account.Kind.WALLET)
    entry = of_wallet.order_by("version").first() or entries.order_by("version").first()
    if entry is None:
        raise Http404
    return entry
