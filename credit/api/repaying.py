"""Paying a loan back: where a payment would go, paying, and paying it off at a quote."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from core import idempotency
from core.api.ratelimit import MONEY
from core.api.schema import example
from credit.allocation import Paid
from credit.api import loan_examples as examples
from credit.api.borrower import OfLoan, inner, inner_key
from credit.api.loan_serializers import (
    LoanTransactionSerializer,
    PaymentInput,
    PayoffQuoteSerializer,
    RepaymentInput,
    RepaymentPreviewSerializer,
)
from credit.events import QUOTE
from credit.models import Loan, LoanTransaction, PayoffQuote
from credit.services.paying_off import pay_off, quote_payoff
from credit.services.previewing import preview_each
from credit.services.refunding import refund
from credit.services.repaying import repay
from credit.terms import Effect
from wallet.api.callers import caller
from wallet.refusals import CurrencyMismatch

_QUOTE = inner("quote", QUOTE)


class PreviewCreate(OfLoan):
    serializer_class = RepaymentPreviewSerializer
    also_answers = (503,)

    @extend_schema(
        operation_id="preview_loan_repayment",
        summary="Ask where a payment would go",
        request=PaymentInput,
        responses={200: RepaymentPreviewSerializer},
        examples=[example(examples.PAYMENT_INPUT, request=True), example(examples.PREVIEW)],
    )
    def post(self, request: Request, id: str) -> Response:
        """What an amount would pay today, and what it could do to the instalments to come. Nothing moves."""
        order, loan = self.body(PaymentInput), self.loan()
        _check_currency(loan, order["currency"])
        found = preview_each(loan_id=loan.pk, user=caller(request), amount=order["amount"], at=timezone.now())
        facts = {**order, "loan": loan.pk, "split": found[0].paid, "left": found[0].left, "choices": found}
        return Response(RepaymentPreviewSerializer(facts).data)


class RepaymentCreate(OfLoan):
    serializer_class = LoanTransactionSerializer
    rate_policies = (MONEY,)
    idempotent = True
    also_answers = (503,)
    proven = ("POST",)

    @extend_schema(
        operation_id="create_loan_repayment",
        summary="Pay on a loan",
        request=RepaymentInput,
        responses={201: LoanTransactionSerializer},
        examples=[example(examples.REPAYMENT_INPUT, request=True), example(examples.TRANSACTION)],
    )
    def post(self, request: Request, id: str) -> HttpResponse:
        """Pay from your wallet, at once. What is more than all that is owed waits to be given back.

        A person's own token needs a second factor proven in its session within five minutes.
        """
        order, loan = self.body(RepaymentInput), self.loan()
        return idempotency.once(request, lambda posting_id: self._pay(loan, order, posting_id))

    def _pay(self, loan: Loan, order: dict[str, Any], posting_id: UUID) -> Response:
        _check_currency(loan, order["currency"])
        row = repay(
            loan_id=loan.pk,
            user=caller(self.request),
            amount=order["amount"],
            posting_id=posting_id,
            at=timezone.now(),
            effect=Effect(order["effect"]) if "effect" in order else None,
            expected=Paid(**order["expected"]) if "expected" in order else None,
        )
        return Response(transaction_shown(row), status=201)


class RefundCreate(OfLoan):
    serializer_class = LoanTransactionSerializer
    rate_policies = (MONEY,)
    idempotent = True
    also_answers = (503,)

    @extend_schema(
        operation_id="create_loan_refund",
        summary="Have back what was paid too much",
        request=None,
        responses={201: LoanTransactionSerializer},
        examples=[example(examples.REFUND)],
    )
    def post(self, request: Request, id: str) -> HttpResponse:
        """It goes back to where it came from, and the loan is closed."""
        loan = self.loan()
        return idempotency.once(request, lambda _posting_id: self._refund(loan))

    def _refund(self, loan: Loan) -> Response:
        row = refund(loan_id=loan.pk, user=caller(self.request), at=timezone.now())
        return Response(transaction_shown(row), status=201)


class QuoteCreate(OfLoan):
    serializer_class = PayoffQuoteSerializer
    rate_policies = (MONEY,)
    idempotent = True
    also_answers = (503,)

    @extend_schema(
        operation_id="create_payoff_quote",
        summary="Ask what pays a loan off",
        request=None,
        responses={201: PayoffQuoteSerializer},
        examples=[example(examples.QUOTE)],
    )
    def post(self, request: Request, id: str) -> HttpResponse:
        """What pays it off today, in parts. It holds until the day ends in Lagos, or something happens to the loan."""
        loan = self.loan()
        return idempotency.once(request, lambda _posting_id: self._quote(loan))

    def _quote(self, loan: Loan) -> Response:
        made = quote_payoff(loan_id=loan.pk, user=caller(self.request), at=timezone.now())
        return Response(PayoffQuoteSerializer(made).data, status=201)


class OneQuote(OfLoan):
    serializer_class = PayoffQuoteSerializer

    def quote(self) -> PayoffQuote:
        quotes = PayoffQuote.objects.filter(loan=self.loan()).select_related("loan")
        return get_object_or_404(quotes, pk=inner_key(QUOTE, self.kwargs["quote"]))


class QuoteDetail(OneQuote):
    @extend_schema(
        operation_id="get_payoff_quote",
        summary="Get a payoff quote",
        parameters=[_QUOTE],
        examples=[example(examples.QUOTE)],
    )
    def get(self, request: Request, id: str, quote: str) -> Response:
        """What you were quoted, and whether it was paid."""
        return Response(PayoffQuoteSerializer(self.quote()).data)


class QuotePay(OneQuote):
    rate_policies = (MONEY,)
    idempotent = True
    also_answers = (503,)
    proven = ("POST",)

    @extend_schema(
        operation_id="pay_payoff_quote",
        summary="Pay a loan off as quoted",
        request=None,
        parameters=[_QUOTE],
        examples=[example(examples.QUOTE)],
    )
    def post(self, request: Request, id: str, quote: str) -> HttpResponse:
        """Pay exactly what was quoted, from your wallet, once; nothing is owed after it.

        Refused with `loan_quote_expired` or `loan_quote_overtaken` when it no longer holds: ask for a new one.
        A person's own token needs a second factor proven in its session within five minutes.
        """
        found = self.quote()
        return idempotency.once(request, lambda _posting_id: self._pay(found.pk))

    def _pay(self, quote_id: UUID) -> Response:
        pay_off(quote_id=quote_id, user=caller(self.request), at=timezone.now())
        return Response(PayoffQuoteSerializer(self.quote()).data)


def transaction_shown(row: LoanTransaction) -> dict[str, Any]:
    return dict(LoanTransactionSerializer(row).data)


def _check_currency(loan: Loan, currency: str) -> None:
    """Raise CurrencyMismatch where a loan is not in the currency that was named."""
    if loan.currency_id != currency:
        raise CurrencyMismatch
