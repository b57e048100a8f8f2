"""What a saver can say of a saving that goes on: its end, a pause, giving up a draft. None of it moves money."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.requests import PersonRequest
from core.errors import DomainError
from savings import services, wording
from savings.forms import LaterForm, MaturityForm, NameForm
from savings.models import SavingsPlan, UserSavings
from savings.services import terms_of
from savings.views.access import own_saving
from wallet.views.access import own_wallet, wallet_page

Done = tuple[Callable[..., UserSavings], str]


@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: PersonRequest, pk: UUID) -> HttpResponse:
    """One page of small forms; the button says which was sent."""
    own_wallet(request.user)
    saving = own_saving(request, pk)
    if request.method != "POST":
        return _page(request, saving)
    what = request.POST.get("do", "")
    if what == "at_maturity":
        return _choose(request, saving)
    if what == "later":
        return _extend(request, saving)
    if what == "name":
        return _rename(request, saving)
    steps: dict[str, Done] = {
        "pause": (
            services.pause_saving,
            _("It is paused. Nothing is saved by itself until you go on with it."),
        ),
        "resume": (services.resume_saving, _("It goes on.")),
        "cancel": (services.cancel_saving, _("It is given up. Nothing was in it.")),
    }
    if what not in steps:
        return _page(request, saving)
    service, words = steps[what]
    try:
        service(saving_id=saving.pk, user=request.user, at=timezone.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.info(request, words)
    return redirect("savings" if what == "cancel" else "saving", *([] if what == "cancel" else [saving.pk]))


def _rename(request: PersonRequest, saving: UserSavings) -> HttpResponse:
    form = NameForm(request.POST)
    if not form.is_valid():
        return _page(request, saving, name=form, status=422)
    services.rename_saving(
        saving_id=saving.pk, user=request.user, name=form.cleaned_data["name"], at=timezone.now()
    )
    messages.success(request, _("It has its new name."))
    return redirect("saving", saving.pk)


def _choose(request: PersonRequest, saving: UserSavings) -> HttpResponse:
    form = MaturityForm(request.POST)
    if not form.is_valid():
        return _page(request, saving, maturity=form, status=422)
    choice = form.cleaned_data["at_maturity"]
    try:
        services.choose_at_maturity(saving_id=saving.pk, user=request.user, choice=choice, at=timezone.now())
    except DomainError as refusal:
        _say(form, refusal)
        return _page(request, saving, maturity=form, status=422)
    messages.success(request, _("That is what will happen at its end."))
    return redirect("saving", saving.pk)


def _extend(request: PersonRequest, saving: UserSavings) -> HttpResponse:
    form = LaterForm(request.POST)
    if not form.is_valid():
        return _page(request, saving, later=form, status=422)
    ends = form.cleaned_data["matures_on"]
    try:
        services.extend_saving(saving_id=saving.pk, user=request.user, matures_on=ends, at=timezone.now())
    except DomainError as refusal:
        _say(form, refusal)
        return _page(request, saving, later=form, status=422)
    messages.success(request, _("Its last day is moved."))
    return redirect("saving", saving.pk)


def _say(form: Form, refusal: DomainError) -> None:
    field = wording.field_of(refusal)
    form.add_error(field if field in form.fields else None, str(refusal))


def _page(
    request: PersonRequest,
    saving: UserSavings,
    *,
    maturity: MaturityForm | None = None,
    later: LaterForm | None = None,
    name: NameForm | None = None,
    status: int = 200,
) -> HttpResponse:
    today = timezone.localdate()
    terms = terms_of(saving, today)
    goes_on = saving.state in {UserSavings.State.ACTIVE, UserSavings.State.PAUSED}
    has_end = bool(saving.matures_on and saving.matures_on > today)
    context: dict[str, Any] = {
        "saving": saving,
        "goes_on": goes_on,
        "maturity": maturity or MaturityForm(initial={"at_maturity": saving.at_maturity}),
        "may_choose": goes_on and has_end and saving.plan.kind == SavingsPlan.Kind.FIXED,
        "later": later or LaterForm(),
        "name": name or NameForm(initial={"name": saving.name}),
        "may_extend": goes_on and has_end and not terms.up_front,
        "latest": saving.opened_on + timedelta(days=terms.longest)
        if terms.longest and saving.opened_on
        else None,
    }
    return render(request, "savings/settings.html", context, status=status)
