"""What the views of savings have in common: a person asks, and about a saving of their own."""

from typing import ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.response import Response

from accounts.api.organizations.views import PersonOnly
from core.api import ids
from core.api.views import ApiView
from savings.api.scopes import SAVINGS_READ, SAVINGS_WRITE
from savings.api.serializers import SavingSerializer
from savings.cards import cards_of
from savings.events import SAVING
from savings.models import UserSavings
from wallet.api.callers import caller
from wallet.api.money_out import MoneyOutView
from wallet.refusals import CurrencyMismatch


class SavingsView(MoneyOutView):
    """About the caller's savings. Views in which money leaves one ask for a proof (`proven`)."""

    permission_classes = (*ApiView.permission_classes, PersonOnly)
    reads, writes = SAVINGS_READ, SAVINGS_WRITE
    proven: ClassVar[tuple[str, ...]] = ()

    def savings(self) -> QuerySet[UserSavings]:
        return UserSavings.objects.visible_to(self.request.user).select_related("plan", "terms", "account")


class OneSaving(SavingsView):
    """About the saving in the address."""

    serializer_class = SavingSerializer
    key_prefix = SAVING

    def saving(self) -> UserSavings:
        """The caller's saving. Raises Http404, also for another's."""
        return get_object_or_404(self.savings(), pk=self.key())

    def answer(self, saving_id: UUID, status: int = 200) -> Response:
        """The saving as it is now."""
        cards = cards_of(caller(self.request), [self.savings().get(pk=saving_id)], on=timezone.localdate())
        return Response(SavingSerializer(cards[0]).data, status=status)


def inner(name: str, prefix: str) -> OpenApiParameter:
    """The second id of an address, for the document."""
    return OpenApiParameter(name, {"type": "string", "pattern": ids.pattern(prefix)}, OpenApiParameter.PATH)


def inner_key(prefix: str, text: str) -> UUID:
    """Return the key in the second id of an address. Raises Http404 for what is none."""
    try:
        return ids.decode(prefix, text)
    except ids.UnknownId:
        raise Http404 from None


def check_currency(saving: UserSavings, currency: str) -> None:
    """Raise CurrencyMismatch where a saving is not in the currency that was named."""
    if saving.plan.currency_id != currency:
        raise CurrencyMismatch
