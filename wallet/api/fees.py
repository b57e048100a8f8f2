"""What movements cost, for third parties."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Customer
from core.api.schema import example
from core.api.views import ApiView
from wallet import services as wallet
from wallet.api import examples
from wallet.api.scopes import ACCOUNTS_READ
from wallet.api.serializers import FeeQuery, FeeQuoteSerializer


class FeeQuoteDetail(ApiView):
    serializer_class = FeeQuoteSerializer
    filter_serializer = FeeQuery
    required_scope = ACCOUNTS_READ

    @extend_schema(
        operation_id="quote_fee",
        summary="Ask what a movement costs",
        parameters=[FeeQuery],
        examples=[example(examples.FEE_QUOTE)],
    )
    def get(self, request: Request) -> Response:
        """What moving an amount costs you now, line by line. It is what is charged at this moment."""
        asked, at = self.filters(), timezone.now()
        tier = Customer.objects.filter(pk=request.user.pk).values_list("tier", flat=True).first()
        quote = wallet.quote_fee(**asked, tier=tier, at=at)
        facts = {"kind": quote.kind, "amount": quote.amount, "currency": asked["currency"], "quoted_at": at}
        return Response(self.serializer_class({**facts, "fees": quote.lines, "total_fees": quote.total}).data)
