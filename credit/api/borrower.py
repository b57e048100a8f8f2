"""What the views of borrowing have in common: a person asks, and about what is their own."""

from typing import ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter

from accounts.api.organizations.views import PersonOnly
from core.api import ids
from core.api.views import ApiView
from credit.api.scopes import CREDIT_READ, CREDIT_WRITE
from credit.events import APPLICATION, LOAN
from credit.models import Application, Loan
from wallet.api.callers import caller
from wallet.api.money_out import MoneyOutView


class BorrowerView(MoneyOutView):
    """About what the caller borrows. Views that move money or bind somebody ask for a proof (`proven`)."""

    permission_classes = (*ApiView.permission_classes, PersonOnly)
    reads, writes = CREDIT_READ, CREDIT_WRITE
    proven: ClassVar[tuple[str, ...]] = ()


class OfApplication(BorrowerView):
    """About the application in the address."""

    key_prefix = APPLICATION

    def application(self) -> Application:
        """The caller's application. Raises Http404, also for another's."""
        return get_object_or_404(Application.objects.visible_to(self.request.user), pk=self.key())


class OfLoan(BorrowerView):
    """About the loan in the address."""

    key_prefix = LOAN

    def loans(self) -> QuerySet[Loan]:
        return Loan.objects.visible_to(caller(self.request)).select_related(
            "application", "contract", "position"
        )

    def loan(self) -> Loan:
        """The caller's loan. Raises Http404, also for another's."""
        return get_object_or_404(self.loans(), pk=self.key())


def inner(name: str, prefix: str) -> OpenApiParameter:
    """The second id of an address, for the document."""
    return OpenApiParameter(name, {"type": "string", "pattern": ids.pattern(prefix)}, OpenApiParameter.PATH)


def inner_key(prefix: str, text: str) -> UUID:
    """Return the key in the second id of an address. Raises Http404 for what is none."""
    try:
        return ids.decode(prefix, text)
    except ids.UnknownId:
        raise Http404 from None
