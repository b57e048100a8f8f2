"""What the views of lenders have in common: which lender is asked about, by its own program or one of its people."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from accounts.models import User
from core.actors import acting_as_service
from core.api.ids import IdField
from core.api.serializers import StrictSerializer
from credit.api.scopes import BIDS_WRITE, LENDING_READ
from credit.events import PROVIDER
from credit.models import Provider
from credit.refusals import ProviderNotFound
from credit.services.desks import Caller
from wallet.api.money_out import MoneyOutView

NAMED = _("For people, who may belong to several lenders; a key has one.")


class LenderFilter(StrictSerializer):
    lender = IdField(PROVIDER, required=False, help_text=NAMED)


class LenderInput(StrictSerializer):
    lender = IdField(PROVIDER, required=False, help_text=NAMED)


class LenderView(MoneyOutView):
    """About one lender: a key's own, or the one that a person names. Its people prove themselves before they write."""

    reads, writes = LENDING_READ, BIDS_WRITE
    filter_serializer: type[StrictSerializer] | None = LenderFilter
    also_answers: tuple[int, ...] = (404,)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if request.method not in SAFE_METHODS:
            # What is sent names the lender then.
            self.filter_serializer = None
        super().initial(request, *args, **kwargs)

    def paginate_queryset(self, queryset: QuerySet[Any]) -> list[Any]:  # type: ignore[override]
        """A page of rows that row security shows nobody; the view has asked for the lender's own alone."""
        with acting_as_service():
            page: list[Any] = super().paginate_queryset(queryset)  # type: ignore[assignment]
        return page

    def caller(self) -> Caller:
        user: Caller = self.request.user  # type: ignore[assignment]
        return user

    def member(self) -> User | None:
        """Who asks; None for the lender's own program, which speaks by its key."""
        return self.request.user if isinstance(self.request.user, User) else None

    def lender(self, named: UUID | None = None) -> Provider:
        """The lender that was named, in the address where it is read, or the only one. Raises ProviderNotFound."""
        if self.request.method in SAFE_METHODS:
            named = self.filters().get("lender")
        rows = Provider.objects.visible_to(self.request.user).select_related("organization")
        found = list(rows.filter(pk=named) if named else rows[:2])
        if len(found) != 1:
            raise ProviderNotFound
        return found[0]
