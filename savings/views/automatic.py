"""Saving automatically: what is set up and what became of it, setting up more, and changing what there is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Count, Q
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.form_keys import new_form_key
from accounts.requests import PersonRequest
from core.errors import DomainError
from savings import goals, states
from savings.automatic_forms import FOLLOWS, ChangeForm, FixedForm, RoundUpForm, SweepForm
from savings.automatic_words import BY_KIND, BY_SLUG, SORTS, Sort, title
from savings.cards import cards_of
from savings.models import AutoRun, AutoSaving, SavingsPlan, UserSavings
from savings.refusals import AutomaticInvalid
from savings.services import automatic as services
from savings.services import coming
from savings.services.automatic.owing import NOTHING_TO_SAVE
from savings.views.access import own_saving
from wallet.views.access import own_wallet, wallet_page

RUNS, AHEAD = 30, 12
Kind, State = AutoSaving.Kind, AutoSaving.State


@dataclass(frozen=True)
class Shown:
    """One that goes on, as the page shows it; `ahead` is what the coming days bring, by the plan."""

    automatic: AutoSaving
    sort: Sort
    title: str
    waiting: Sequence[AutoRun]
    ahead: Sequence[tuple[date, int]]
    more: int
    form: Form

    @property
    def is_waiting(self) -> bool:
        return any(run.tries for run in self.waiting)


@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
def automatic(request: PersonRequest, pk: UUID) -> HttpResponse:
    """What is set up; the button says what is to change. None of it moves money."""
    own_wallet(request.user)
    saving = own_saving(request, pk)
    if request.method != "POST":
        return _page(request, saving)
    own = AutoSaving.objects.visible_to(request.user).filter(saving=saving)
    chosen = get_object_or_404(own, pk=_uuid(request.POST.get("automatic", "")))
    if request.POST.get("do") == "amount":
        return _change(request, saving, chosen)
    what: dict[str, tuple[Callable[..., object], str]] = {
        "pause": (services.pause_automatic, _("It is paused. Nothing is saved by it until you go on.")),
        "resume": (services.resume_automatic, _("It goes on.")),
        "skip": (services.skip_next, _("The next day is skipped.")),
        "stop": (services.stop_automatic, _("It has stopped. What is saved stays saved.")),
    }
    step = what.get(request.POST.get("do", ""))
    if step is not None:
        try:
            step[0](automatic=chosen, user=request.user, at=timezone.now())
        except DomainError as refusal:
            messages.error(request, str(refusal))
        else:
            messages.info(request, step[1])
    return redirect("saving_automatic", saving.pk)


def _change(request: PersonRequest, saving: UserSavings, chosen: AutoSaving) -> HttpResponse:
    form = _change_form(chosen, request.POST)
    if not form.is_valid():
        return _page(request, saving, changing=(chosen, form), status=422)
    try:
        services.change_amount(
            automatic=chosen, user=request.user, amount=form.cleaned_data["amount"], at=timezone.now()
        )
    except DomainError as refusal:
        form.add_error("amount" if isinstance(refusal, AutomaticInvalid) else None, str(refusal))
        return _page(request, saving, changing=(chosen, form), status=422)
    messages.success(request, _("The amount is changed."))
    return redirect("saving_automatic", saving.pk)


@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
def plan(request: PersonRequest, pk: UUID, slug: str) -> HttpResponse:
    """Set one up. The money stays its owner's, so nothing is proven again."""
    own_wallet(request.user)
    saving, sort = own_saving(request, pk), BY_SLUG.get(slug)
    if sort is None:
        raise Http404
    if request.method != "POST":
        return _plan_page(request, saving, sort, _form(request, saving, sort))
    form = _form(request, saving, sort, request.POST)
    if not form.is_valid():
        return _plan_page(request, saving, sort, form, status=422)
    typed, at = form.cleaned_data, timezone.now()
    try:
        services.plan_automatic(
            automatic_id=typed["form_key"],
            saving_id=saving.pk,
            user=request.user,
            kind=sort.kind,
            amount=typed.get("amount") or 0,
            first_date=typed.get("first_date") or timezone.localdate(at),
            rhythm=typed.get("rhythm") or AutoSaving.Rhythm.DAILY,
            follows_target=typed.get("follows_target", False),
            at=at,
        )
    except DomainError as refusal:
        field = str(refusal.data.get("field", "")) if isinstance(refusal, AutomaticInvalid) else ""
        form.add_error(field if field in form.fields else None, str(refusal))
        return _plan_page(request, saving, sort, form, status=422)
    messages.success(request, _("It is set up. You can pause or stop it here at any time."))
    return redirect("saving_automatic", saving.pk)


def _form(request: PersonRequest, saving: UserSavings, sort: Sort, data: Any = None) -> Form:
    place = f"savings.automatic.{request.user.pk}.{saving.pk}"
    given: dict[str, Any] = {"place": place, "initial": {"form_key": new_form_key(place)}}
    if sort.kind == Kind.ROUND_UP:
        return RoundUpForm(data, **given)
    if sort.kind == Kind.SWEEP:
        return SweepForm(data, **given)
    today = timezone.localdate()
    given["initial"] |= {"rhythm": "WEEKLY", "how_much": FOLLOWS, "first_date": today.isoformat()}
    needed = _needed(saving, today)
    if needed and "WEEKLY" not in needed:
        given["initial"]["rhythm"] = next(iter(needed))
    return FixedForm(data, needed=needed, currency=saving.plan.currency_id, **given)


def _needed(saving: UserSavings, first: date) -> dict[str, int]:
    """What each day, week and month would have to bring for the target; nothing where none is, or it is reached."""
    end = saving.matures_on or saving.target_date
    missing = max((saving.target or 0) - saving.account.balance, 0)
    if end is None or not missing:
        return {}
    each = goals.suggestions(missing, first=first, before=end)
    return {rhythm: coming.least(saving, amount, first) for rhythm, amount in each.items()}


def _plan_page(
    request: PersonRequest, saving: UserSavings, sort: Sort, form: Form, status: int = 200
) -> HttpResponse:
    missing = max((saving.target or 0) - saving.account.balance, 0)
    context = {"form": form, "saving": saving, "sort": sort, "missing": missing, "may": _may(saving)}
    return render(request, "savings/automatic_plan.html", context, status=status)


def _page(
    request: PersonRequest,
    saving: UserSavings,
    *,
    changing: tuple[AutoSaving, Form] | None = None,
    status: int = 200,
) -> HttpResponse:
    going_on = list(saving.automatic.exclude(state=State.ENDED).order_by("pk"))
    runs = AutoRun.objects.filter(automatic__saving=saving).select_related("automatic")
    waiting = list(runs.filter(state=AutoRun.State.DUE).order_by("due_date"))
    # A morning on which nothing had been spent is no news.
    quiet = Q(state=AutoRun.State.DUE) | Q(state=AutoRun.State.NOTHING, code=NOTHING_TO_SAVE)
    [card] = cards_of(request.user, [saving], on=timezone.localdate())
    kinds = {own.kind for own in going_on}
    context = {
        "saving": saving,
        "card": card,
        "may": _may(saving),
        "rests": saving.state in {UserSavings.State.PAUSED, UserSavings.State.FROZEN},
        "shown": [_shown(saving, own, waiting, changing) for own in going_on],
        "offered": [sort for sort in SORTS if sort.kind not in kinds],
        "runs": [
            (run, BY_KIND[run.automatic.kind])
            for run in runs.exclude(quiet).order_by("-due_date", "-pk")[:RUNS]
        ],
        "counts": runs.aggregate(
            saved=Count("pk", filter=Q(state=AutoRun.State.SAVED)),
            skipped=Count("pk", filter=Q(state=AutoRun.State.SKIPPED)),
            nothing=Count("pk", filter=Q(state=AutoRun.State.NOTHING)),
        ),
        "waiting": any(run.tries for run in waiting),
    }
    return render(request, "savings/automatic.html", context, status=status)


def _shown(
    saving: UserSavings,
    own: AutoSaving,
    waiting: Sequence[AutoRun],
    changing: tuple[AutoSaving, Form] | None,
) -> Shown:
    days = _ahead(saving, own)
    return Shown(
        automatic=own,
        sort=BY_KIND[own.kind],
        title=title(own, saving.plan.currency_id),
        waiting=[run for run in waiting if run.automatic_id == own.pk],
        ahead=days[:AHEAD],
        more=max(len(days) - AHEAD, 0),
        form=changing[1] if changing and changing[0].pk == own.pk else _change_form(own),
    )


def _ahead(saving: UserSavings, own: AutoSaving) -> list[tuple[date, int]]:
    """The coming days of one that has an end, with what each brings: no more than the target misses."""
    end = coming.ends_on(own, saving)
    if own.kind != Kind.RHYTHM or own.next_date is None or end is None:
        return []
    days = goals.due_days(own.rhythm, own.first_date, since=own.next_date, before=end)
    left = (saving.target or 0) - saving.account.balance
    rows = []
    for day in days:
        amount = min(own.amount, left) if own.follows_target else own.amount
        if amount <= 0:
            break
        rows.append((day, amount))
        left -= amount
    return rows


def _change_form(own: AutoSaving, data: Any = None) -> Form:
    return ChangeForm(data, auto_id=f"id_{own.pk}_%s")


def _may(saving: UserSavings) -> bool:
    """Whether more can be set up, so that the page offers nothing that would be refused."""
    is_over = saving.matures_on is not None and saving.matures_on <= timezone.localdate()
    takes = saving.state in coming.SAVES and saving.state in states.TAKES_MONEY
    return takes and not is_over and saving.plan.kind != SavingsPlan.Kind.FIXED


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
