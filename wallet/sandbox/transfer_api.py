"""Paystack's endpoints for paying out: banks, accounts and their names, recipients, transfers."""

import re
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from wallet.sandbox import banks, ledger, transfer_shapes, transfers
from wallet.sandbox.codes import code
from wallet.sandbox.models import SandboxRecipient, SandboxTransfer
from wallet.sandbox.wire import (
    Body,
    Refusal,
    answer,
    checked_amount,
    checked_currency,
    checked_text,
    endpoint,
    page_of,
)

MOST_IN_BULK = 100
_REFERENCE = re.compile(r"[a-z0-9_-]{16,50}")
NEEDS_OTP = "Transfer requires OTP to continue"


@endpoint("GET")
def bank(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    return answer("Banks retrieved", [_bank(at, *row) for at, row in enumerate(banks.BANKS, start=1)])


def _bank(number: int, bank_code: str, name: str) -> Body:
    return {
        "id": number,
        "name": name,
        "slug": name.lower().replace(" ", "-"),
        "code": bank_code,
        "longcode": "",
        "gateway": None,
        "pay_with_bank": False,
        "supports_transfer": True,
        "available_for_direct_debit": False,
        "active": True,
        "country": "Nigeria",
        "currency": "NGN",
        "type": "nuban",
        "is_deleted": False,
    }


@endpoint("GET")
def resolve(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    bank_code, number = request.GET.get("bank_code", ""), request.GET.get("account_number", "")
    name = banks.holder_of(bank_code=bank_code, account_number=number)
    if name is None:
        raise Refusal(422, "Could not resolve account name. Check parameters or try again.")
    return answer("Account number resolved", {"account_number": number, "account_name": name, "bank_id": 9})


@endpoint("POST")
def recipient(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    found, is_new = _add_recipient(body)
    data = transfer_shapes.recipient(found)
    return answer("Transfer recipient created successfully", data, status=201 if is_new else 200)


@endpoint("POST")
def recipient_bulk(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    made: list[Body] = []
    errors: list[Body] = []
    for row in _objects(body, "batch"):
        try:
            made.append(transfer_shapes.recipient(_add_recipient(row)[0]))
        except Refusal as refusal:
            errors.append({"error": str(refusal), "payload": row})
    return answer("Recipients added successfully", {"success": made, "errors": errors})


@endpoint("GET")
def recipients(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    rows = SandboxRecipient.objects.filter(deleted=False)
    return page_of(request, rows, transfer_shapes.recipient, "Recipients retrieved")


@endpoint("GET")
def recipient_one(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    return answer("Recipient retrieved", transfer_shapes.recipient(_recipient(reference, status=404)))


@endpoint("DELETE")
def recipient_delete(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    SandboxRecipient.objects.filter(pk=_recipient(reference, status=404).pk).update(deleted=True)
    return answer("Transfer recipient set as inactive", None)


def _add_recipient(body: Body) -> tuple[SandboxRecipient, bool]:
    if checked_text(body, "type", 20) != "nuban":
        raise Refusal(400, "Recipient type is not supported", code="invalid_params")
    number, bank_code = checked_text(body, "account_number", 10), checked_text(body, "bank_code", 10)
    if bank_code not in banks.NAMES:
        raise Refusal(400, "Bank is invalid", code="invalid_bank_code")
    if banks.holder_of(bank_code=bank_code, account_number=number) is None:
        raise Refusal(400, "Account number is invalid", code="invalid_params")
    return transfers.add_recipient(
        name=checked_text(body, "name", 200),
        account_number=number,
        bank_code=bank_code,
        currency=checked_currency(body),
        at=timezone.now(),
    )


@endpoint("POST")
def transfer(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    _check_source(body)
    made = _send(_wanted(body, currency=checked_currency(body)))
    message = NEEDS_OTP if made.status == transfers.Status.OTP else "Transfer has been queued"
    return answer(message, transfer_shapes.ordered(made))


@endpoint("POST")
def transfer_bulk(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    """All of them or none, as nothing is said of what becomes of a part."""
    _check_source(body)
    currency, rows = checked_currency(body), _objects(body, "transfers")
    if not 1 <= len(rows) <= MOST_IN_BULK:
        raise Refusal(400, f"At most {MOST_IN_BULK} transfers a call", code="invalid_params")
    if transfers.switches().asks_otp:
        raise Refusal(400, "Bulk transfers need OTP to be disabled", code="invalid_params")
    wanted = [_wanted(row, currency=currency) for row in rows]
    references = [one.reference for one in wanted]
    known = SandboxTransfer.objects.filter(reference__in=references).values_list("reference", flat=True)
    twice = sorted({*known, *(name for name in references if references.count(name) > 1)})
    if twice:
        said = f"Duplicate reference(s) found: {','.join(twice)}"
        raise Refusal(404, said, code="unknown", kind="api_error")
    made = [_send(one) for one in wanted]
    return answer(f"{len(made)} transfers queued.", [transfer_shapes.in_bulk(one) for one in made])


@endpoint("GET")
def transfer_verify(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    return _shown(SandboxTransfer.objects.filter(reference=reference).first())


@endpoint("GET")
def transfer_one(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    return _shown(SandboxTransfer.objects.filter(code=reference).first())


@endpoint("GET")
def transfer_list(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    rows = SandboxTransfer.objects.select_related("recipient")
    return page_of(request, rows, transfer_shapes.verification, "Transfers retrieved")


@endpoint("POST")
def finalize(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    found = SandboxTransfer.objects.filter(code=checked_text(body, "transfer_code", 30)).first()
    if found is None:
        raise Refusal(400, "Transfer code is invalid")
    try:
        made = transfers.finalize(transfer_id=found.pk, otp=checked_text(body, "otp", 10), at=timezone.now())
    except transfers.CodeInvalid as error:
        raise Refusal(400, str(error.message), code="invalid_params") from error
    return answer("Transfer has been queued", transfer_shapes.ordered(made))


def _shown(found: SandboxTransfer | None) -> HttpResponse:
    if found is None:
        raise Refusal(404, "Transfer not found")
    return answer("Transfer retrieved", transfers.shown(found, at=timezone.now()))


def _send(wanted: transfers.Wanted) -> SandboxTransfer:
    try:
        return transfers.send(wanted=wanted, at=timezone.now())
    except (transfers.ReferenceTaken, ledger.BalanceTooLow) as error:
        raise Refusal(400, str(error.message)) from error


def _wanted(body: Body, *, currency: str) -> transfers.Wanted:
    amount = checked_amount(body, least=1)
    reference = checked_text(body, "reference", 100, needed=False) or f"{code(20)}"
    if not _REFERENCE.fullmatch(reference):
        raise Refusal(400, "Reference must be 16 to 50 of a-z, 0-9, - and _", code="invalid_params")
    return transfers.Wanted(
        reference=reference,
        recipient=_recipient(checked_text(body, "recipient", 30), status=400),
        amount=amount,
        currency=currency,
        reason=checked_text(body, "reason", 200, needed=False),
    )


def _recipient(name: str, *, status: int) -> SandboxRecipient:
    found = SandboxRecipient.objects.filter(code=name, deleted=False).first()
    if found is None:
        raise Refusal(status, "Recipient specified is invalid", code="invalid_transfer_recipient")
    return found


def _check_source(body: Body) -> None:
    if body.get("source") != "balance":
        raise Refusal(400, "source is required", code="missing_params")


def _objects(body: Body, name: str) -> list[Any]:
    rows = body.get(name)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Refusal(400, f"{name} is required", code="missing_params")
    return rows
