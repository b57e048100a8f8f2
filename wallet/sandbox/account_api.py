"""Paystack's endpoints about account numbers of customers, and ours to pay into one."""

from datetime import date

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from wallet.sandbox import identities, payloads, virtual_accounts
from wallet.sandbox.codes import FIRST_ID
from wallet.sandbox.models import SandboxAccount, SandboxCustomer
from wallet.sandbox.wire import (
    Body,
    Refusal,
    answer,
    checked_amount,
    checked_email,
    checked_text,
    endpoint,
    page_of,
)

IN_PROGRESS = "Assign dedicated account in progress"
CHECKING = "We are checking the status of your transfer. We will send you a notification once it is confirmed"


@endpoint("POST")
def account(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    asked = str(body.get("customer") or "")
    found = SandboxCustomer.objects.filter(code=asked).first()
    if found is None and asked.isascii() and asked.isdecimal():
        found = SandboxCustomer.objects.filter(pk=max(int(asked) - FIRST_ID, 0)).first()
    if found is None:
        raise Refusal(400, "Customer not found", code="customer_not_found")
    if not found.first_name or not found.last_name:
        raise Refusal(400, "Customer first and last name are required", code="missing_params")
    made = virtual_accounts.open_account(customer=found, provider=_provider(body), at=timezone.now())
    return answer("NUBAN successfully created", virtual_accounts.shape(made))


@endpoint("GET")
def accounts(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    rows = SandboxAccount.objects.select_related("customer")
    if request.GET.get("active") in ("true", "false"):
        rows = rows.filter(active=request.GET["active"] == "true")
    customer = request.GET.get("customer", "")
    if customer:
        number = int(customer) - FIRST_ID if customer.isascii() and customer.isdecimal() else 0
        rows = rows.filter(customer_id=max(number, 0))
    if request.GET.get("provider_slug"):
        rows = rows.filter(provider=request.GET["provider_slug"])
    return page_of(request, rows, virtual_accounts.shape, "Managed accounts successfully retrieved")


@endpoint("GET")
def account_one(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    return answer("Managed account retrieved", virtual_accounts.shape(_account(reference)))


@endpoint("DELETE")
def account_delete(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    found = _account(reference)
    found.active = False
    found.save(update_fields=["active"])
    return answer("Managed Account Successfully Unassigned", virtual_accounts.shape(found))


@endpoint("POST")
def assign(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    if checked_text(body, "country", 2) != "NG":
        raise Refusal(400, "Country is not supported", code="invalid_params")
    names = {name: checked_text(body, name, 100) for name in ("first_name", "last_name")}
    provider, now = _provider(body), timezone.now()
    made = identities.open_customer(
        email=checked_email(body), phone=checked_text(body, "phone", 30), at=now, **names
    )
    bvn = checked_text(body, "bvn", 12, needed=False)
    identified = not bvn or bvn in identities.GOOD_BVNS
    virtual_accounts.assign(customer=made, provider=provider, identified=identified, at=now)
    return JsonResponse({"status": True, "message": IN_PROGRESS})


@endpoint("GET")
def providers(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    rows = [
        {"provider_slug": slug, "bank_id": number, "bank_name": name, "id": number}
        for slug, (name, number) in virtual_accounts.PROVIDERS.items()
    ]
    return answer("Dedicated account providers retrieved", rows)


@endpoint("GET")
def requery(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    asked = {name: request.GET.get(name, "") for name in ("account_number", "provider_slug")}
    found = SandboxAccount.objects.filter(
        number=asked["account_number"], provider=asked["provider_slug"]
    ).first()
    if found is None:
        raise Refusal(404, "Dedicated account not found")
    try:
        day = date.fromisoformat(request.GET.get("date", ""))
        virtual_accounts.look_again(account=found, on=day, at=timezone.now())
    except ValueError as error:
        raise Refusal(400, "date is invalid", code="invalid_params") from error
    except virtual_accounts.TooSoon as error:
        raise Refusal(400, str(error.message)) from error
    return JsonResponse({"status": True, "message": CHECKING})


@endpoint("POST", suffers_faults=False)
def deposit(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    """Ours, not Paystack's: somebody pays into an account number."""
    made = virtual_accounts.deposit(
        number=checked_text(body, "account_number", 10),
        amount=checked_amount(body, least=1),
        sender_name=checked_text(body, "sender_name", 100, needed=False) or "OKAFOR EMEKA",
        narration=checked_text(body, "narration", 100, needed=False),
        at=timezone.now(),
    )
    return answer("Paid", payloads.webhook(made)) if made else answer("Turned back", None)


def _provider(body: Body) -> str:
    provider = body.get("preferred_bank") or "test-bank"
    if provider not in virtual_accounts.PROVIDERS:
        raise Refusal(400, "Preferred bank is not supported", code="invalid_params")
    return str(provider)


def _account(said: str) -> SandboxAccount:
    number = int(said) - FIRST_ID if said.isascii() and said.isdecimal() and len(said) < 19 else 0
    found = SandboxAccount.objects.select_related("customer").filter(pk=max(number, 0)).first()
    if found is None:
        raise Refusal(404, "Dedicated account not found")
    return found
