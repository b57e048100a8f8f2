"""Asking for a part of a signed loan that is paid out in parts."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from core import idempotency
from core.api.ratelimit import MONEY
from core.api.schema import example
from credit.api import loan_examples as examples
from credit.api.contracts import OfContract
from credit.api.loan_serializers import LoanTransactionSerializer, PaymentInput
from credit.models import Contract
from credit.services.drawing_down import draw
from credit.services.locking import database_now
from wallet.api.callers import caller
from wallet.refusals import CurrencyMismatch


class PayoutCreate(OfContract):
    serializer_class = LoanTransactionSerializer  # type: ignore[assignment]
    rate_policies = (MONEY,)
    idempotent = True
    also_answers = (503,)
    proven = ("POST",)

    @extend_schema(
        operation_id="create_loan_payout",
        summary="Ask for a part of a loan",
        request=PaymentInput,
        responses={201: LoanTransactionSerializer},
        examples=[example(examples.PAYMENT_INPUT, request=True), example(examples.PAYOUT)],
    )
    def post(self, request: Request, id: str) -> HttpResponse:
        """Have so much of a signed contract paid out to your wallet, less its part of the fees, at once.

        The contract's `drawdown` says what is left, the smallest part, and until when. Refused with
        `loan_part_too_small`, `loan_part_too_large`, `loan_drawing_over`, `loan_nothing_to_draw`, `loan_in_arrears`.
        A person's own token needs a second factor proven in its session within five minutes.
        """
        order, contract = self.body(PaymentInput), self.contract()
        return idempotency.once(request, lambda posting_id: self._draw(contract, order, posting_id))

    def _draw(self, contract: Contract, order: dict[str, Any], posting_id: UUID) -> Response:
        if contract.application.currency_id != order["currency"]:
            raise CurrencyMismatch
        row = draw(
            application_id=contract.application_id,
            user=caller(self.request),
            amount=order["amount"],
            posting_id=posting_id,
            at=database_now(),
        )
        return Response(LoanTransactionSerializer(row).data, status=201)
