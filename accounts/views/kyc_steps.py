"""One page for each step of an application: its form, or, where it may not be changed now, what stands there."""

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from accounts import kyc_step_forms
from accounts.kyc import consent, steps
from accounts.kyc.declared import NotDeclarable
from accounts.kyc.places import REGIONS
from accounts.models import BankAccountClaim, IdentityNumber, KycApplication
from accounts.requests import PersonRequest
from accounts.services.kyc import applications, declaring, numbers, overview
from accounts.services.kyc.applications import ChangedElsewhere, ConsentOutdated
from accounts.services.kyc.numbers import NoSuchNumber, NumberRefused
from accounts.step_up import step_up_required
from accounts.views.kyc_documents import choice_page
from accounts.views.kyc_pages import kyc_page, own_open

# What is said in an error, and which step it belongs to, is decided by the services.
Typed = dict[str, Any]


@sensitive_post_parameters()
@kyc_page
@require_http_methods(["GET", "HEAD", "POST"])
def step_page(request: PersonRequest, slug: str) -> HttpResponse:
    """Raises Http404 for what this application does not ask for."""
    application = own_open(request.user)
    step = steps.BY_SLUG.get(slug)
    if step is None or step.code not in overview.codes_of(application, timezone.localdate()):
        raise Http404
    if step.code in steps.KINDS:
        return choice_page(request, application, step)
    form = _form(request, application, step.code)
    if request.method == "POST" and form.is_valid():
        try:
            _save(request, step.code, form)
        except ChangedElsewhere as refusal:
            form.renew(refusal.data["revision"])
            form.add_error(None, str(refusal))
            return _page(request, application, step, form, HTTPStatus.CONFLICT)
        except NotDeclarable as refusal:
            form.add_error(refusal.data["field"], str(refusal))
        except (NumberRefused, ConsentOutdated) as refusal:
            form.add_error("number" if "number" in form.fields else None, str(refusal))
        else:
            return _onward(request, step)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return _page(request, application, step, form, status)


def _form(request: PersonRequest, application: KycApplication, code: str) -> Any:
    data = request.POST if request.method == "POST" else None
    if code in steps.NUMBERS:
        return kyc_step_forms.NumberForm(data, step=code)
    if code == steps.CONSENT:
        return kyc_step_forms.ConsentForm(data)
    if code == steps.BANK_ACCOUNT:
        claim = BankAccountClaim.objects.visible_to(request.user).filter(application=application).first()
        initial = {"revision": application.revision, "bank_code": claim.bank_code if claim else ""}
        return kyc_step_forms.BankAccountForm(data, initial=initial)
    if code == steps.ADDRESS:
        return kyc_step_forms.AddressForm(data, initial=_kept(application, "address", "city", "region"))
    initial = _kept(application, "first_name", "middle_name", "last_name", "date_of_birth")
    if not application.last_name:
        initial |= _names_of(request.user.display_name)
    return kyc_step_forms.PersonalForm(data, initial=initial, today=timezone.localdate())


def _kept(application: KycApplication, *names: str) -> Typed:
    return {name: getattr(application, name) for name in (*names, "revision")}


def _names_of(shown: str) -> Typed:
    """A first guess at somebody's names, from the one that others see."""
    first, _space, last = shown.strip().rpartition(" ")
    return {"first_name": first or last, "last_name": last if first else ""}


@sensitive_variables("typed", "form")
def _save(request: PersonRequest, code: str, form: Any) -> None:
    """Raises what the services do."""
    user, typed, at = request.user, form.cleaned_data, timezone.now()
    if code in steps.NUMBERS:
        numbers.save_number(user=user, kind=form.chosen_kind, number=typed["number"], step=code, at=at)
    elif code == steps.CONSENT:
        applications.give_consent(user=user, version=typed["version"], at=at)
    elif code == steps.BANK_ACCOUNT:
        declaring.save_bank_account(user=user, at=at, **typed)
    elif code == steps.ADDRESS:
        declaring.save_address(user=user, at=at, **typed)
    else:
        declaring.save_personal(user=user, at=at, **typed)


def _onward(request: PersonRequest, step: steps.Step) -> HttpResponse:
    """On to the task list, where what is next stands first in sight."""
    messages.success(request, _("Saved: %(step)s") % {"step": step.title})
    return redirect("kyc")


def _page(
    request: PersonRequest, application: KycApplication, step: steps.Step, form: Any, status: int
) -> HttpResponse:
    given = overview.given_of(application)
    held = IdentityNumber.objects.visible_to(request.user).held()
    context = {
        "application": application,
        "step": step,
        "form": form,
        "is_open": steps.is_open_to_change(step.code, given),
        "is_given": steps.is_given(step.code, given),
        "fix": _fix(application, step.code),
        "held": list(held.filter(kind__in=steps.NUMBERS.get(step.code, ())).order_by("kind")),
        "claim": BankAccountClaim.objects.visible_to(request.user).filter(application=application).first()
        if step.code == steps.BANK_ACCOUNT
        else None,
        "region": REGIONS.get(application.region, ""),
        "consent_text": application.consent_text or consent.text_of(),
    }
    return render(request, "kyc/step.html", context, status=status)


def _fix(application: KycApplication, code: str) -> str:
    """What staff say would put a step right, where they ask for it again."""
    again = [steps.item_of(item) for item in application.asked_again]
    return next((item.get("fix", "") for item in again if steps.answers(code, item)), "")


@never_cache
@require_POST
@step_up_required
@kyc_page
@sensitive_variables()
def reveal(request: PersonRequest, kind: str) -> HttpResponseBase:
    """A number whole, in this one answer and nowhere else."""
    if kind not in IdentityNumber.Kind.values:
        raise Http404
    try:
        number = numbers.reveal(user=request.user, kind=kind, at=timezone.now())
    except NoSuchNumber:
        raise Http404 from None
    context = {"kind": IdentityNumber.Kind(kind).label, "number": number}
    return render(request, "kyc/revealed.html", context)
