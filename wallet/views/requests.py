"""Asking somebody for money, and answering who asks."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.form_keys import new_form_key
from accounts.requests import PersonRequest
from accounts.services import RecipientNotFound
from accounts.step_up import step_up_required
from core.errors import DomainError
from core.ids import posting_id
from core.templatetags.money import money
from core.views import slow_down
from wallet import services
from wallet.fees import FeeQuote
from wallet.models import PaymentRequest, PaymentRequestChange, RequestBlock
from wallet.request_forms import AskForm, DeclineForm
from wallet.services.lookups import TooManyLookups
from wallet.services.requests import answering, asking
from wallet.services.requests.people import people_of
from wallet.views.access import own_wallet, wallet_page

SHOWN = 30
ORDER_LIFE = 30 * 60
TONES: dict[str, str] = {"OPEN": "pending", "PAID": "success", "DECLINED": "error"}
AMOUNT = (asking.RequestAmount,)
RECIPIENT = (RecipientNotFound, asking.RequestOneself, asking.TooManyToOne)


@wallet_page
@require_safe
def request_list(request: PersonRequest) -> HttpResponse:
    """What one is asked for, and what one asked for; those that wait come first."""
    own_wallet(request.user)
    now = timezone.now()
    seen = PaymentRequest.objects.visible_to(request.user)
    to_pay = list(seen.filter(payer=request.user).open(now).order_by("-pk")[:SHOWN])
    asked = list(seen.filter(asker=request.user).order_by("-pk")[:SHOWN])
    past = list(
        seen.filter(payer=request.user).exclude(pk__in=[r.pk for r in to_pay]).order_by("-pk")[:SHOWN]
    )
    people = people_of(user_ids=[*(r.asker_id for r in (*to_pay, *past)), *(r.payer_id for r in asked)])
    context = {
        "to_pay": [(each, people.get(each.asker_id)) for each in to_pay],
        "asked": [(each, people.get(each.payer_id), *_badge(each, now)) for each in asked],
        "past": [(each, people.get(each.asker_id), *_badge(each, now)) for each in past],
        "here": "requests",
    }
    return render(request, "requests/list.html", context)


@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: PersonRequest) -> HttpResponse:
    own_wallet(request.user)
    place = f"request.{request.user.pk}"
    if request.method != "POST":
        first = {"form_key": new_form_key(place), "recipient": request.GET.get("from", "")[:254]}
        return _ask_page(request, AskForm(initial=first, place=place))
    form = AskForm(request.POST, place=place)
    if form.is_valid():
        typed, now = form.cleaned_data, timezone.now()
        try:
            services.count_lookup(user_id=request.user.pk, at=now)
            made = asking.ask(
                asker=request.user,
                recipient_text=typed["recipient"],
                amount=typed["amount"],
                note=typed["note"],
                expires_at=form.expires_at(),
                request_id=typed["form_key"],
                at=now,
            )
        except TooManyLookups as refusal:
            return slow_down(request, seconds=refusal.data["retry_after"])
        except DomainError as refusal:
            form.add_error(_field_of(refusal), str(refusal))
        else:
            messages.success(request, _("Your request is on its way."))
            return redirect("request", made.pk)
    return _ask_page(request, form)


@wallet_page
@require_safe
def request_page(request: PersonRequest, request_id: UUID) -> HttpResponse:
    """One request, what happened to it, and what can be done."""
    return _page(request, _mine(request, request_id), DeclineForm())


@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: PersonRequest, request_id: UUID) -> HttpResponseBase:
    """Look at what would be paid; the press of the button pays it."""
    if request.method == "POST":
        paid: HttpResponseBase = _pay(request, request_id)
        return paid
    asked = _to_me(request, request_id)
    wallet = own_wallet(request.user)
    try:
        quote = answering.quote_request(request=asked, source=wallet, at=timezone.now())
    except DomainError as refusal:
        return _page(request, asked, DeclineForm(), refusal=refusal)
    order = signing.dumps([str(posting_id()), str(asked.pk), quote.charges.as_data()], salt=_salt(request))
    context = {
        "asked": asked,
        "quote": quote,
        "wallet": wallet,
        "order": order,
        "is_first": not services.has_sent_to(account=wallet, recipient_id=asked.asker_id),
    }
    return render(request, "requests/pay.html", context)


@step_up_required
def _pay(request: PersonRequest, request_id: UUID) -> HttpResponse:
    asked = _to_me(request, request_id)
    try:
        chosen, about, charges = signing.loads(
            request.POST.get("order", ""), salt=_salt(request), max_age=ORDER_LIFE
        )
        if about != str(asked.pk):
            raise signing.BadSignature
    except signing.BadSignature:
        messages.error(request, _("This review is no longer valid, so nothing was paid. Please start again."))
        return redirect("request_pay", request_id)
    try:
        posting = answering.pay_request(
            request=asked,
            payer=request.user,
            source=own_wallet(request.user),
            posting_id=UUID(chosen),
            charges=FeeQuote.from_data(charges),
            at=timezone.now(),
        )
    except DomainError as refusal:
        asked.refresh_from_db()
        return _page(request, asked, DeclineForm(), refusal=refusal)
    messages.success(request, _("You paid %(amount)s.") % {"amount": money(asked.amount, asked.currency_id)})
    return redirect("transaction", posting.id)


@wallet_page
@require_POST
def decline(request: PersonRequest, request_id: UUID) -> HttpResponse:
    asked = _to_me(request, request_id)
    form = DeclineForm(request.POST)
    if not form.is_valid():
        return _page(request, asked, form)
    try:
        answering.decline(request=asked, by=request.user, words=form.cleaned_data["words"], at=timezone.now())
        if "block" in request.POST:
            answering.block_asker(request=asked, by=request.user, at=timezone.now())
    except DomainError as refusal:
        return _page(request, asked, form, refusal=refusal)
    messages.success(request, _("You declined this request."))
    return redirect("requests")


@wallet_page
@require_POST
def act(request: PersonRequest, request_id: UUID) -> HttpResponse:
    """Remind of a request of one's own, or take it back."""
    asked, do = _mine(request, request_id), request.POST.get("do", "")
    if do not in ("remind", "cancel"):
        raise Http404
    try:
        if do == "remind":
            asking.remind(request=asked, by=request.user, at=timezone.now())
            messages.success(request, _("We reminded them."))
        else:
            asking.cancel(request=asked, by=request.user, at=timezone.now())
            messages.success(request, _("Your request is taken back."))
    except DomainError as refusal:
        messages.error(request, str(refusal))
    return redirect("request", request_id)


@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
def blocked(request: PersonRequest) -> HttpResponse:
    """Who may not ask one for money, and letting them again."""
    rows = RequestBlock.objects.filter(owner=request.user).order_by("-pk")
    if request.method == "POST":
        try:
            block = get_object_or_404(rows, pk=UUID(request.POST.get("block", "")))
        except ValueError:
            raise Http404 from None
        answering.unblock(block=block, by=request.user)
        messages.success(request, _("They can ask you for money again."))
        return redirect("request_blocks")
    found = list(rows[:100])
    people = people_of(user_ids=[each.blocked_id for each in found])
    shown = [(each, people[each.blocked_id]) for each in found if each.blocked_id in people]
    return render(request, "requests/blocked.html", {"blocks": shown, "here": "blocked"})


def _mine(request: PersonRequest, request_id: UUID) -> PaymentRequest:
    return get_object_or_404(PaymentRequest.objects.visible_to(request.user), pk=request_id)


def _to_me(request: PersonRequest, request_id: UUID) -> PaymentRequest:
    """One that this person is asked to pay. Raises Http404."""
    return get_object_or_404(PaymentRequest.objects.of_payer(request.user), pk=request_id)


def _page(
    request: PersonRequest, asked: PaymentRequest, form: DeclineForm, refusal: DomainError | None = None
) -> HttpResponse:
    now = timezone.now()
    is_asker = asked.asker_id == request.user.pk
    other = asked.payer_id if is_asker else asked.asker_id
    label, tone = _badge(asked, now)
    context: dict[str, Any] = {
        "asked": asked,
        "other": people_of(user_ids=[other]).get(other),
        "is_asker": is_asker,
        "is_open": asked.is_open and asked.expires_at > now,
        "label": label,
        "tone": tone,
        "changes": list(PaymentRequestChange.objects.filter(request=asked).order_by("pk")),
        "can_remind": asked.reminders < asking.MOST_REMINDERS
        and now >= (asked.reminded_at or asked.created_at) + asking.BETWEEN_REMINDERS,
        "form": form,
        "refusal": refusal,
    }
    status = 422 if refusal or form.errors else 200
    return render(request, "requests/request.html", context, status=status)


def _ask_page(request: PersonRequest, form: AskForm) -> HttpResponse:
    recent = services.recent_recipients(account=own_wallet(request.user))
    context = {"form": form, "recent": recent, "here": "ask"}
    return render(request, "requests/ask.html", context, status=422 if form.errors else 200)


def _badge(asked: PaymentRequest, now: Any) -> tuple[str, str]:
    state = asked.state
    if asked.is_open and asked.expires_at <= now:
        state = PaymentRequest.State.EXPIRED
    return str(PaymentRequest.State(state).label), TONES.get(state, "neutral")


def _field_of(refusal: DomainError) -> str | None:
    if isinstance(refusal, AMOUNT):
        return "amount"
    if isinstance(refusal, RECIPIENT):
        return "recipient"
    return "until" if isinstance(refusal, asking.RequestExpiry) else None


def _salt(request: PersonRequest) -> str:
    return f"wallet.request.{request.user.pk}"
