"""Statements under /api/v1: made for a range, listed, and given as PDF, CSV and OFX."""

from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from core import idempotency
from core.actors import acting_as
from core.api.ids import IdField
from core.api.pagination import CursorPagination
from core.api.schema import example
from core.api.serializers import InstantField, MoneyField, ObjectField, StrictSerializer
from core.api.views import ApiView
from core.errors import DomainError
from wallet.api.scopes import STATEMENTS_READ, STATEMENTS_WRITE
from wallet.api.serializers import ACCOUNT, OpenEnumField
from wallet.models import Account, Statement
from wallet.refusals import AccountNotFound
from wallet.services.documents import address_of, spelled
from wallet.services.statements import files, make_statement
from wallet.views.statements import file_of

STATEMENT = "stm"
EXAMPLE = {
    "id": "stm_01bXeVKNyARWzt9Zc36oSi",
    "object": "statement",
    "account": "acc_01bXeVFsjJrkCWVZkY9mJE",
    "since": "2026-01-01",
    "until": "2026-01-31",
    "monthly": True,
    "state": "READY",
    "currency": "NGN",
    "opening": 0,
    "money_in": 19175000,
    "money_out": 500000,
    "closing": 18675000,
    "lines": 42,
    "sha256": "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
    "code": "7QK2-M9XD-4TZA-HW60-PB3E",
    "verify_url": "https://alajo.example/verify/7QK2-M9XD-4TZA-HW60-PB3E/",
    "made_at": "2026-02-01T00:05:00Z",
}
INPUT = {"account": "acc_01bXeVFsjJrkCWVZkY9mJE", "since": "2026-01-01", "until": "2026-01-31"}


class StatementNotReady(DomainError):
    code = "statement_not_ready"
    kind = "conflict"
    message = _("This statement is still being prepared.")


class StatementSerializer(serializers.Serializer[Statement]):
    """What moved on an account in some days. Sums are null while it is WAITING for days in the archive."""

    id = IdField(STATEMENT)
    object = ObjectField("statement")
    account = IdField(ACCOUNT, source="account_id")
    since = serializers.DateField(help_text=_("First day, in Lagos."))
    until = serializers.DateField(help_text=_("Last day, in Lagos."))
    monthly = serializers.BooleanField(help_text=_("Made by us at the end of a month."))
    state = OpenEnumField(help_text=_("WAITING or READY."))
    currency = serializers.CharField(source="account.currency_id", help_text=_("ISO 4217."))
    opening = MoneyField(allow_null=True)
    money_in = MoneyField(allow_null=True)
    money_out = MoneyField(allow_null=True)
    closing = MoneyField(allow_null=True, help_text=_("Opening and money in, less money out."))
    lines = serializers.IntegerField(help_text=_("How many movements it has."))
    sha256 = serializers.SerializerMethodField(help_text=_("Over all that it says; it stands on the paper."))
    code = serializers.SerializerMethodField(help_text=_("By which anybody can ask whether it is genuine."))
    verify_url = serializers.SerializerMethodField()
    made_at = InstantField(allow_null=True)

    def get_sha256(self, statement: Statement) -> str | None:
        return statement.document.sha256 if statement.document else None

    def get_code(self, statement: Statement) -> str | None:
        return spelled(statement.document.code) if statement.document else None

    def get_verify_url(self, statement: Statement) -> str | None:
        return address_of(statement.document.code) if statement.document else None


class StatementInput(StrictSerializer):
    account = IdField(ACCOUNT)
    since = serializers.DateField(help_text=_("First day, in Lagos."))
    until = serializers.DateField(help_text=_("Last day, in Lagos; today at most, a year later at most."))


class StatementFilter(StrictSerializer):
    account = IdField(ACCOUNT, required=False)
    monthly = serializers.BooleanField(required=False)


class FileFilter(StrictSerializer):
    form = serializers.ChoiceField(
        choices=["pdf", "csv", "ofx"], required=False, default="pdf", help_text=_("Which file.")
    )


class StatementList(ApiView, ListAPIView[Statement]):
    serializer_class = StatementSerializer
    filter_serializer = StatementFilter
    pagination_class = CursorPagination
    cursor_prefix = STATEMENT
    idempotent = True
    also_answers = (404,)
    request: Request

    @property
    def required_scope(self) -> str:  # type: ignore[override]
        return STATEMENTS_READ if self.request.method in SAFE_METHODS else STATEMENTS_WRITE

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if request.method == "POST":
            # What a list may be asked, the making of a statement may not.
            self.filter_serializer, self.pagination_class = None, None  # type: ignore[assignment]
        super().initial(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Statement]:
        found = Statement.objects.visible_to(self.request.user).select_related("account", "document")
        names = {"account": "account_id", "monthly": "monthly"}
        return found.filter(**{names[name]: value for name, value in self.filters().items()})

    @extend_schema(
        operation_id="list_statements",
        summary="List statements",
        parameters=[StatementFilter],
        examples=[example(EXAMPLE)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Statements of your accounts, the newest first: those of months, and those you asked for."""
        return self.list(request)

    @extend_schema(
        operation_id="create_statement",
        summary="Make a statement",
        request=StatementInput,
        responses={201: StatementSerializer},
        examples=[example(INPUT, request=True), example(EXAMPLE)],
    )
    def post(self, request: Request) -> HttpResponse:
        """Make a statement of some days of an account.

        It is READY in the answer, unless some of its days lie in the archive: ask for it again some minutes later.
        """
        order = self.body(StatementInput)
        return idempotency.once(request, lambda _posting_id: self._make(order))

    def _make(self, order: dict[str, Any]) -> Response:
        account = Account.objects.visible_to(self.request.user).filter(pk=order["account"]).first()
        if account is None:
            raise AccountNotFound
        made = make_statement(account=account, since=order["since"], until=order["until"], at=timezone.now())
        return Response(self.serializer_class(made).data, status=201)


class StatementDetail(ApiView):
    serializer_class = StatementSerializer
    key_prefix = STATEMENT
    required_scope = STATEMENTS_READ

    @extend_schema(operation_id="get_statement", summary="Get a statement", examples=[example(EXAMPLE)])
    def get(self, request: Request, id: str) -> Response:
        """One of your statements: its sums, and the code by which others check it."""
        return Response(self.serializer_class(own_statement(request, self.key())).data)


class StatementFile(ApiView):
    serializer_class = StatementSerializer
    filter_serializer = FileFilter
    key_prefix = STATEMENT
    required_scope = STATEMENTS_READ
    also_answers = (409,)

    @extend_schema(
        operation_id="download_statement",
        summary="Download a statement",
        parameters=[FileFilter],
        responses={
            (200, files.PDF): OpenApiTypes.BINARY,
            (200, "text/csv"): OpenApiTypes.STR,
            (200, files.OFX): OpenApiTypes.STR,
        },
    )
    def get(self, request: Request, id: str) -> HttpResponseBase:
        """A statement as a file. The same statement gives the same bytes each time.

        Where its days lie in the archive, `movements_in_archive` says so: make it again, and they are fetched.
        """
        found, caller = own_statement(request, self.key()), cast(User, request.user)
        form = self.filters().get("form", "pdf")
        if not found.is_ready:
            raise StatementNotReady
        files.require_readable(found)
        return file_of(request._request, found, form, as_reader=lambda: acting_as(caller))


def own_statement(request: Request, key: UUID) -> Statement:
    """Raises Http404, also for another's."""
    found = Statement.objects.visible_to(request.user).select_related("account", "document")
    return get_object_or_404(found, pk=key)
