"""What an applicant agrees to: read, given, and taken back."""

from collections.abc import Sequence
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.requests import PersonRequest
from core.errors import DomainError
from credit.consents import CURRENT, NEEDED, TEXTS, words_of
from credit.models import Application
from credit.services import consenting
from credit.states import State
from credit.views.access import own_application
from wallet.views.access import own_wallet, wallet_page


@wallet_page
@require_http_methods(["GET", "HEAD", "POST"])
def consents(request: PersonRequest, application_id: UUID) -> HttpResponse:
    """Every text whole, with what was agreed to and when; each can be given and taken back alone."""
    own_wallet(request.user)
    application = own_application(request, application_id)
    if request.method != "POST":
        return _page(request, application)
    if "withdraw" in request.POST:
        return _withdraw(request, application)
    seen = {kind: request.POST.get(f"seen_{kind}", "") for kind in request.POST.getlist("kind")}
    missing = [kind for kind in NEEDED if kind not in seen] if application.state == State.DRAFT else []
    if not seen or not set(seen) <= CURRENT.keys() or missing:
        return _page(request, application, missing=missing or [*NEEDED], status=422)
    try:
        consenting.give(application_id=application.pk, user=request.user, seen=seen, at=timezone.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("loan_application_consents", application.pk)
    messages.success(request, _("We keep what you agreed to, in the words you saw."))
    return redirect("loan_application", application.pk)


def _withdraw(request: PersonRequest, application: Application) -> HttpResponse:
    kind = request.POST.get("withdraw", "")
    if kind not in CURRENT:
        raise Http404
    consenting.withdraw(application_id=application.pk, user=request.user, kind=kind, at=timezone.now())
    messages.info(request, _("It is taken back. Nothing that needs it is done from now on."))
    return redirect("loan_application_consents", application.pk)


def _page(
    request: PersonRequest, application: Application, *, missing: Sequence[str] = (), status: int = 200
) -> HttpResponse:
    given = consenting.standing(application, at=timezone.now())
    texts = [
        words_of(given[text.kind]) if text.kind in given else text
        for text in TEXTS
        if CURRENT[text.kind] == text
    ]
    context = {
        "application": application,
        "texts": [(text, given.get(text.kind), text.kind in NEEDED) for text in texts],
        "lacks": any(text.kind not in given for text in texts),
        "missing": [CURRENT[kind] for kind in missing],
        "is_over": application.state in consenting.OVER,
    }
    return render(request, "credit/consents.html", context, status=status)
