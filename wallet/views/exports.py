"""The rows that the feed shows as it is narrowed, as a file: these and no others."""

from urllib.parse import urlencode

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import Profile
from accounts.requests import PersonRequest
from core.actors import acting_as
from wallet.forms import ActivityFilter
from wallet.models import Entry
from wallet.services.statements import files, selections
from wallet.services.statements.selections import TooMuchForPaper
from wallet.views.access import own_wallet, wallet_page
from wallet.views.activity import narrowed
from wallet.views.statements import attached, streamed


@wallet_page
@require_safe
def csv(request: PersonRequest) -> HttpResponseBase:
    """A filter that cannot be read leads back to the page, which says what is wrong with it."""
    wallet, form = own_wallet(request.user), ActivityFilter(request.GET)
    if not form.is_valid():
        return redirect(f"/activity/?{urlencode(form.narrowing)}")
    entries = narrowed(Entry.objects.of(wallet), wallet, form.cleaned_data)
    pieces = selections.csv(entries, account=wallet, as_reader=lambda: acting_as(request.user))
    return streamed(request, pieces, f"alajo-activity-{timezone.localdate():%Y-%m-%d}.csv", files.CSV)


@wallet_page
@require_safe
def pdf(request: PersonRequest) -> HttpResponseBase:
    wallet, form = own_wallet(request.user), ActivityFilter(request.GET)
    if not form.is_valid():
        return redirect(f"/activity/?{urlencode(form.narrowing)}")
    entries = narrowed(Entry.objects.of(wallet), wallet, form.cleaned_data)
    profile = Profile.objects.filter(user=request.user).first()
    asked = [
        (str(form.fields[name].label or form.fields[name].help_text or name), value)
        for name, value in form.narrowing.items()
    ]
    at = timezone.now()
    try:
        drawn = selections.pdf(
            entries, account=wallet, asked=asked, holder=profile.display_name if profile else "", at=at
        )
    except TooMuchForPaper as refusal:
        return render(
            request,
            "wallet/too_much.html",
            {"refusal": refusal, "export": urlencode(form.narrowing)},
            status=422,
        )
    return attached(
        HttpResponse(drawn, content_type=files.PDF), f"alajo-activity-{timezone.localdate(at):%Y-%m-%d}.pdf"
    )
