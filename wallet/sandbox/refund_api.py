"""Paystack's endpoints about money on its way back: refunds and disputes."""

from typing import TypeVar

from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from wallet.sandbox import banks, disputes, ledger, refund_shapes, refunds
from wallet.sandbox.codes import FIRST_ID
from wallet.sandbox.models import SandboxCharge, SandboxDispute, SandboxRefund
from wallet.sandbox.wire import (
    Body,
    Refusal,
    answer,
    checked_amount,
    checked_text,
    endpoint,
    page_of,
)

Row = TypeVar("Row", bound=models.Model)


@endpoint("POST")
def refund(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    charge = _charge(str(body.get("transaction") or ""))
    if charge is None:
        raise Refusal(404, "Transaction not found", code="transaction_not_found")
    if body.get("currency") not in (None, "", charge.currency):
        raise Refusal(400, "Currency differs from the transaction's", code="invalid_params")
    try:
        made = refunds.order(
            charge=charge,
            amount=None if body.get("amount") is None else checked_amount(body, least=1),
            customer_note=checked_text(body, "customer_note", 200, needed=False),
            merchant_note=checked_text(body, "merchant_note", 200, needed=False),
            at=timezone.now(),
        )
    except (refunds.NotRefundable, refunds.RefundTooLarge) as error:
        raise Refusal(400, str(error.message), code=error.code) from error
    except ledger.BalanceTooLow as error:
        raise Refusal(400, "Insufficient balance to process refund") from error
    return answer("Refund has been queued for processing", refund_shapes.ordered(made))


@endpoint("GET", name="refunds")
def refund_list(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    rows = SandboxRefund.objects.select_related("charge")
    asked = request.GET.get("transaction", "")
    if asked:
        rows = rows.filter(charge=_charge(asked))
    for row in rows.exclude(due_at=None):
        refunds.advance(refund_id=row.pk, at=timezone.now())
    return page_of(request, rows, refund_shapes.shape, "Refunds retrieved")


@endpoint("GET", name="refunds")
def refund_one(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    found = _by_number(SandboxRefund.objects.all(), reference, "Refund not found")
    shown = refunds.advance(refund_id=found.pk, at=timezone.now())
    return answer("Refund retrieved", refund_shapes.shape(shown))


@endpoint("POST")
def refund_retry(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    found = _by_number(SandboxRefund.objects.all(), reference, "Refund not found")
    details = body.get("refund_account_details")
    if not isinstance(details, dict):
        raise Refusal(400, "refund_account_details is required", code="missing_params")
    number = checked_text(details, "account_number", 10)
    bank_id = str(details.get("bank_id") or "")
    known = bank_id.isascii() and bank_id.isdecimal() and 1 <= int(bank_id) <= len(banks.BANKS)
    if not known or not banks.is_sound(banks.BANKS[int(bank_id) - 1][0], number):
        raise Refusal(400, "Account number or bank is invalid", code="invalid_params")
    try:
        made = refunds.retry(
            refund_id=found.pk, account={"number": number, "bank": bank_id}, at=timezone.now()
        )
    except refunds.NoAttentionNeeded as error:
        raise Refusal(422, str(error.message), code=error.code) from error
    return answer("Refund retried and has been queued for processing", refund_shapes.ordered(made))


@endpoint("GET", name="dispute")
def dispute_list(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    rows = SandboxDispute.objects.select_related("charge__customer", "charge__card")
    return page_of(request, rows, disputes.shape, "Disputes retrieved")


@endpoint("GET", name="dispute")
def dispute_one(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    return answer("Dispute retrieved", disputes.shape(_dispute(reference)))


@endpoint("PUT")
def dispute_resolve(request: HttpRequest, reference: str, body: Body) -> HttpResponse:
    found = _dispute(reference)
    resolution = checked_text(body, "resolution", 30)
    if resolution not in (disputes.ACCEPTED, disputes.DECLINED):
        raise Refusal(400, "resolution is invalid", code="invalid_params")
    try:
        made = disputes.answer(
            dispute_id=found.pk,
            resolution=resolution,
            amount=checked_amount({"amount": body.get("refund_amount", 0)}, least=0),
            message=checked_text(body, "message", 300),
            at=timezone.now(),
        )
    except disputes.DisputeOver as error:
        raise Refusal(422, str(error.message), code=error.code) from error
    return answer("Dispute successfully resolved", disputes.shape(made))


def _charge(said: str) -> SandboxCharge | None:
    """A charge by our reference or by its number."""
    found = SandboxCharge.objects.filter(reference=said).first()
    if found is None and said.isascii() and said.isdecimal() and len(said) < 19:
        found = SandboxCharge.objects.filter(pk=max(int(said) - FIRST_ID, 0)).first()
    return found


def _dispute(said: str) -> SandboxDispute:
    rows = SandboxDispute.objects.select_related("charge__customer", "charge__card")
    return _by_number(rows, said, "Dispute not found")


def _by_number(rows: models.QuerySet[Row], said: str, message: str) -> Row:
    number = int(said) - FIRST_ID if said.isascii() and said.isdecimal() and len(said) < 19 else 0
    found = rows.filter(pk=max(number, 0)).first()
    if found is None:
        raise Refusal(404, message)
    return found
