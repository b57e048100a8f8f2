"""Ending a saving: first what that comes to, then exactly so."""

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
from savings import services
from savings.api import examples
from savings.api.base import OneSaving, inner, inner_key
from savings.api.serializers import ClosingQuoteSerializer
from savings.events import QUOTE
from savings.models import ClosingQuote
from wallet.api.callers import caller

_QUOTE = inner("quote", QUOTE)


class QuoteCreate(OneSaving):
    serializer_class = ClosingQuoteSerializer  # type: ignore[assignment]
    rate_policies = (MONEY,)
    idempotent = True
    also_answers = (503,)

    @extend_schema(
        operation_id="create_closing_quote",
        summary="Ask what ending comes to",
        request=None,
        responses={201: ClosingQuoteSerializer},
        examples=[example(examples.QUOTE)],
    )
    def post(self, request: Request, id: str) -> HttpResponse:
        """Quote what ending a saving now comes to, early or after its end. It holds for 15 minutes of this day."""
        saving = self.saving()
        return idempotency.once(request, lambda _posting_id: self._quote(saving.pk))

    def _quote(self, saving_id: UUID) -> Response:
        quote = services.quote_closing(saving_id=saving_id, user=caller(self.request), at=timezone.now())
        return Response(ClosingQuoteSerializer(quote).data, status=201)


class OneQuote(OneSaving):
    serializer_class = ClosingQuoteSerializer  # type: ignore[assignment]

    def quote(self) -> ClosingQuote:
        quotes = ClosingQuote.objects.filter(saving=self.saving()).select_related("saving__plan")
        return get_object_or_404(quotes, pk=inner_key(QUOTE, self.kwargs["quote"]))


class QuoteDetail(OneQuote):
    @extend_schema(
        operation_id="get_closing_quote",
        summary="Get a closing quote",
        parameters=[_QUOTE],
        examples=[example(examples.QUOTE)],
    )
    def get(self, request: Request, id: str, quote: str) -> Response:
        """What a saving of yours was quoted, and whether it was ended so."""
        return Response(ClosingQuoteSerializer(self.quote()).data)


class QuoteAccept(OneQuote):
    rate_policies = (MONEY,)
    idempotent = True
    also_answers = (503,)
    proven = ("POST",)

    @extend_schema(
        operation_id="accept_closing_quote",
        summary="End a saving as quoted",
        request=None,
        parameters=[_QUOTE],
        examples=[example(examples.QUOTE)],
    )
    def post(self, request: Request, id: str, quote: str) -> HttpResponse:
        """End the saving exactly as quoted, for good, and have it paid to your wallet.

        Refused with `closing_quote_over` when its time is up or anything has changed: ask for a new one.
        A person's own token needs a second factor proven in its session within five minutes.
        """
        found = self.quote()
        return idempotency.once(request, lambda _posting_id: self._end(found.pk))

    def _end(self, quote_id: UUID) -> Response:
        services.end_saving(quote_id=quote_id, user=caller(self.request), at=timezone.now())
        return Response(ClosingQuoteSerializer(self.quote()).data)
