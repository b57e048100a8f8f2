"""Second factors: setting up an authenticator app and passkeys, their names, and removing them."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.decorators import reauthentication_required
from allauth.account.utils import get_next_redirect_url
from allauth.mfa.internal.flows.add import redirect_if_add_not_allowed
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.flows import auto_generate_recovery_codes
from allauth.mfa.signals import authenticator_added, authenticator_removed
from allauth.mfa.webauthn.internal import auth as webauthn_auth
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import passkeys, step_up, totp
from accounts.factor_forms import WRONG_CODE, ActivateForm, AddPasskeyForm, RenamePasskeyForm
from accounts.models import PendingFactor
from accounts.requests import PersonRequest
from accounts.services import factors

_PENDING = "factors.pending"
MAILS = {
    Authenticator.Type.TOTP: ("mfa/email/totp_activated", "mfa/email/totp_deactivated"),
    Authenticator.Type.WEBAUTHN: ("mfa/email/webauthn_added", "mfa/email/webauthn_removed"),
}


@never_cache
@require_http_methods(["GET", "HEAD"])
def index(request: PersonRequest) -> HttpResponse:
    rows: dict[str, Any] = {"passkeys": [], "app": None, "codes": None}
    for row in Authenticator.objects.filter(user=request.user).order_by("pk"):
        if row.type == Authenticator.Type.WEBAUTHN:
            rows["passkeys"].append(row)
        else:
            rows["app" if row.type == Authenticator.Type.TOTP else "codes"] = row
    codes = rows["codes"].wrap() if rows["codes"] else None
    left = len(codes.get_unused_codes()) if codes else 0
    enrolled = bool(rows["app"] or rows["passkeys"])
    facts = {"left": left, "total": len(codes.generate_codes()) if codes else 0, "enrolled": enrolled}
    return render(request, "mfa/index.html", {**rows, **facts, "waiting": step_up.waiting(request)})


@never_cache
@redirect_if_add_not_allowed
@reauthentication_required(app="allauth.mfa")
@require_http_methods(["GET", "HEAD", "POST"])
def activate_totp(request: PersonRequest) -> HttpResponse:
    at = timezone.now()
    try:
        pending = _pending(request) or factors.begin(
            user=request.user,
            kind=PendingFactor.Kind.TOTP,
            name=factors.free_name(user=request.user, wanted=str(_("Authenticator app"))),
            at=at,
        )
    except factors.AppAlreadySetUp:
        return redirect("mfa_deactivate_totp")
    except factors.TooManyFactors as refused:
        messages.error(request, str(refused))
        return redirect("mfa_index")
    request.session[_PENDING] = str(pending.pk)
    wanted = get_next_redirect_url(request)
    if wanted:
        step_up.remember(request, wanted)
    secret = totp.open_sealed(pending.secret, user_id=request.user.pk)
    form = ActivateForm(request.POST if request.method == "POST" else None, secret=secret)
    if form.is_valid():
        try:
            row = factors.confirm_app(pending=pending, code=form.cleaned_data["code"], at=at)
        except factors.WrongCode:
            form.add_error("code", WRONG_CODE)
        else:
            del request.session[_PENDING]
            return _added(request, row)
    context = {
        "form": form,
        "svg": totp.svg(totp.uri(secret, email=request.user.email)),
        "key": totp.in_groups(secret),
        "waiting": step_up.waiting(request),
    }
    status = 422 if form.errors else 200
    return render(request, "mfa/totp/activate_form.html", context, status=status)


def _pending(request: PersonRequest) -> PendingFactor | None:
    begun = PendingFactor.objects.filter(user=request.user, kind=PendingFactor.Kind.TOTP)
    known = request.session.get(_PENDING)
    return begun.filter(pk=known, expires_at__gt=timezone.now()).first() if known else None


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def deactivate_totp(request: PersonRequest) -> HttpResponse:
    row = get_object_or_404(Authenticator, user=request.user, type=Authenticator.Type.TOTP)
    return _remove(request, row)


@never_cache
@redirect_if_add_not_allowed
@reauthentication_required(app="allauth.mfa")
@require_http_methods(["GET", "HEAD", "POST"])
def add_passkey(request: PersonRequest) -> HttpResponse:
    form = AddPasskeyForm(request.POST if request.method == "POST" else None, user=request.user)
    if form.is_valid():
        try:
            row = factors.add_passkey(user=request.user, **form.cleaned_data)
        except (factors.TooManyFactors, factors.FactorNameTaken) as refused:
            form.add_error(None, refused.message)
        else:
            return _added(request, row)
    options, state = passkeys.begin_making(request.user)
    webauthn_auth.set_state(state)
    status = 422 if form.errors else 200
    context = {"form": form, "options": options, "waiting": step_up.waiting(request)}
    return render(request, "mfa/webauthn/add_form.html", context, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def rename_passkey(request: PersonRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(
        Authenticator.objects.select_related("user"),
        user=request.user,
        type=Authenticator.Type.WEBAUTHN,
        pk=pk,
    )
    form = RenamePasskeyForm(request.POST if request.method == "POST" else None, instance=row)
    if form.is_valid():
        factors.rename(row=row, name=form.cleaned_data["name"])
        return redirect("mfa_index")
    status = 422 if form.errors else 200
    return render(request, "mfa/webauthn/edit_form.html", {"form": form, "row": row}, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def remove_passkey(request: PersonRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Authenticator, user=request.user, type=Authenticator.Type.WEBAUTHN, pk=pk)
    return _remove(request, row)


def _remove(request: PersonRequest, row: Authenticator) -> HttpResponse:
    last = len(factors.factors_of(user=request.user)) == 1
    if request.method != "POST":
        return render(request, "mfa/remove.html", {"row": row, "last": last})
    try:
        factors.remove(row=row)
    except factors.OnlyWayIn as refusal:
        context = {"row": row, "last": last, "refusal": refusal}
        return render(request, "mfa/remove.html", context, status=422)
    authenticator_removed.send(sender=Authenticator, request=request, user=request.user, authenticator=row)
    get_adapter(request).send_notification_mail(MAILS[Authenticator.Type(row.type)][1], request.user)
    messages.success(request, _("It is removed. We have sent you an e-mail about it."))
    return redirect("mfa_index")


def _added(request: PersonRequest, row: Authenticator) -> HttpResponse:
    authenticator_added.send(sender=Authenticator, request=request, user=request.user, authenticator=row)
    get_adapter(request).send_notification_mail(MAILS[Authenticator.Type(row.type)][0], request.user)
    messages.success(request, _("It is set up. We will ask for it when you log in."))
    if auto_generate_recovery_codes(request):
        return redirect("mfa_view_recovery_codes")
    waiting = step_up.waiting(request)
    if waiting is None or waiting.has_form:
        return redirect("mfa_index")
    step_up.forget(request)
    return redirect(waiting.path)
