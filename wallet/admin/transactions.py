"""Transactions, the same seen from one account, and the seals over them."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.models import Approval
from accounts.roles import REVERSE
from core.ids import TRANSACTIONS_PER_POSTING, nth
from core.staff import (
    EMPTY,
    Panel,
    ReadOnlyAdmin,
    When,
    amount,
    amount_of,
    anchor,
    as_uuid,
    link,
    moment,
    page_of,
    time_of,
)
from wallet.admin import reversing
from wallet.admin.columns import account_column, account_link
from wallet.figures import verifications
from wallet.models import Account, Entry, Hold, Payment, Reversal, Seal, Transaction
from wallet.services import explaining
from wallet.services.reversals import is_taken_back

LATEST = 20
KINDS = ("DEPOSIT", "TRANSFER", "GATEWAY_FEE", "SURPLUS", "ADJUSTMENT", "REVERSAL")


class KindFilter(admin.SimpleListFilter):
    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind, kind) for kind in KINDS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class RowsFilter(admin.SimpleListFilter):
    """A posting is one or more transactions, and its first has the posting's own id."""

    title = _("rows")
    parameter_name = "rows"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("postings", _("One for each posting"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(pk=F("posting_id")) if self.value() == "postings" else queryset


@admin.register(Transaction)
class TransactionAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        time_of("recorded_at", _("Recorded")),
        "kind",
        account_column("debit_account", _("Debit")),
        account_column("credit_account", _("Credit")),
        "description",
        amount_of("amount", _("Amount"), currency="currency"),
    )
    list_filter = (When, KindFilter, RowsFilter)
    list_select_related = ("debit_account__owner", "credit_account__owner")
    shown = (
        "id",
        "posting_id",
        "kind",
        amount_of("amount", _("Amount"), currency="currency"),
        account_column("debit_account", _("Debit account")),
        "debit_version",
        amount_of("debit_balance", _("Debit balance after"), currency="currency"),
        account_column("credit_account", _("Credit account")),
        "credit_version",
        amount_of("credit_balance", _("Credit balance after"), currency="currency"),
        "description",
        time_of("effective_at", _("Effective")),
        time_of("recorded_at", _("Recorded")),
        "hold",
        "reversal_of",
        "reversed_by",
        "payment",
        "approval",
        "actor_id",
        "digest_hex",
    )
    search_help_text = _("By transaction or posting id, or a payment's reference")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(reversing.take_back)
        return [path("<uuid:key>/take-back/", view, name="wallet_transaction_take_back"), *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = kwargs["obj"]
        if request.user.has_perm(REVERSE) and not is_taken_back(row.posting_id):
            address = reverse("admin:wallet_transaction_take_back", args=[row.posting_id])
            context["ways"] = [(_("Take back the whole posting"), address)]
        return super().render_change_form(request, context, *args, **kwargs)

    def find(self, queryset: QuerySet[Transaction], term: str) -> QuerySet[Transaction]:
        key = as_uuid(term)
        if key is None:
            key = Payment.objects.filter(reference=term).values_list("posting_id", flat=True).first()
        if key is None:
            return queryset.none()
        if key.int % TRANSACTIONS_PER_POSTING:
            return queryset.filter(pk=key)
        return queryset.filter(pk__gte=key, pk__lte=nth(key, TRANSACTIONS_PER_POSTING - 1))

    @admin.display(description=_("Hold"))
    def hold(self, row: Transaction) -> SafeString | str:
        return anchor(page_of(Hold, row.hold_id), row.hold_id) if row.hold_id else EMPTY

    @admin.display(description=_("Reverses"))
    def reversal_of(self, row: Transaction) -> SafeString | str:
        return anchor(page_of(Transaction, row.reverses), row.reverses) if row.reverses else EMPTY

    @admin.display(description=_("Reversed by"))
    def reversed_by(self, row: Transaction) -> SafeString | str:
        found = Reversal.objects.filter(pk=row.posting_id).first()
        return anchor(page_of(Transaction, found.reversed_by), found.reversed_by) if found else EMPTY

    @admin.display(description=_("Payment"))
    def payment(self, row: Transaction) -> SafeString | str:
        found = Payment.objects.filter(posting_id=row.posting_id).first()
        return link(found) if found else EMPTY

    @admin.display(description=_("Approved as"))
    def approval(self, row: Transaction) -> SafeString | str:
        found = Approval.objects.filter(posting_id=row.posting_id).first()
        return link(found) if found else EMPTY

    @admin.display(description=_("Digest"))
    def digest_hex(self, row: Transaction) -> str:
        return bytes(row.digest).hex()

    def panels(self, row: Transaction) -> Iterable[Panel]:
        yield posting_panel(row.posting_id)

    def panels_for(self, request: HttpRequest, obj: Transaction) -> Iterable[Panel]:
        yield from self.panels(obj)
        yield causes_panel(request, obj)


def posting_panel(posting_id: Any) -> Panel:
    """All transactions that stand or fall together with this one."""
    rows = Transaction.objects.of_posting(posting_id).select_related(
        "debit_account__owner", "credit_account__owner"
    )
    return Panel(
        _("The whole posting"),
        [_("Transaction"), _("Kind"), _("Debit"), _("Credit"), _("Amount")],
        [
            [
                link(row),
                row.kind,
                account_link(row.debit_account),
                account_link(row.credit_account),
                amount(row.amount, row.currency),
            ]
            for row in rows
        ],
    )


def causes_panel(request: HttpRequest, row: Transaction) -> Panel:
    """What led to a transaction, from either side of it: as much of that as whoever asks may look at."""
    user: Any = request.user
    found: dict[tuple[str, str], list[Any]] = {}
    for entry in Entry.objects.filter(transaction_id=row.pk):
        for cause in explaining.causes_of(entry=entry, for_staff=True):
            about = cause.row
            if about is None or user.has_perm(f"{about._meta.app_label}.view_{about._meta.model_name}"):
                shown = page_of(type(about), about.pk) if about else ""
                text = anchor(shown, cause.text) if shown else cause.text
                found.setdefault((str(cause.label), cause.text), [cause.label, text])
    return Panel(_("Why it is there"), [_("What"), _("Which")], list(found.values()))


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    """One account's history, in the order its balance changed. Reached from the account's page."""

    list_display = (
        "version",
        time_of("recorded_at", _("Recorded")),
        time_of("effective_at", _("Effective")),
        "kind",
        account_column("counterparty", _("Other side")),
        "description",
        amount_of("change", _("Change"), currency="currency", sign=True),
        amount_of("balance", _("Balance"), currency="currency"),
    )
    list_display_links = ("version",)
    linked_by = ("account",)
    list_filter = (When, KindFilter)
    list_select_related = ("counterparty__owner",)
    search_help_text = _("By transaction id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Entry]:
        """One account's only: over all accounts each transaction stands twice, in no order of its own."""
        return super().get_queryset(request) if "account" in request.GET else Entry.objects.none()

    def page_key(self, request: HttpRequest) -> str:
        account = self._account(request)
        return "version" if account and not account.hot else "transaction_id"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        account = self._account(request)
        title = {"title": _("Entries of %(account)s") % {"account": account}} if account else {}
        return super().changelist_view(request, {**(extra_context or {}), **title})

    def _account(self, request: HttpRequest) -> Account | None:
        key = as_uuid(request.GET.get("account", ""))
        return Account.objects.filter(pk=key).first() if key else None

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """An entry is its transaction seen from one side: the transaction's page shows both."""
        if request.method not in ("GET", "HEAD") or not self.has_view_permission(request):
            raise PermissionDenied
        return HttpResponseRedirect(page_of(Transaction, object_id))


@admin.register(Seal)
class SealAdmin(ReadOnlyAdmin):
    list_display = ("number", "rows", time_of("sealed_at", _("Sealed")), "head_hex")
    list_filter = (("sealed_at", admin.DateFieldListFilter),)
    shown = ("number", "rows", time_of("sealed_at", _("Sealed")), "previous_hex", "head_hex")
    search_help_text = _("By number")

    def find(self, queryset: QuerySet[Seal], term: str) -> QuerySet[Seal]:
        return queryset.filter(pk=int(term)) if term.isdecimal() and len(term) < 19 else queryset.none()

    @admin.display(description=_("Head"))
    def head_hex(self, seal: Seal) -> str:
        return bytes(seal.head).hex()

    @admin.display(description=_("Previous head"))
    def previous_hex(self, seal: Seal) -> str:
        return bytes(seal.previous).hex() or EMPTY

    def panels(self, seal: Seal) -> Iterable[Panel]:
        proofs = verifications().filter(target_id=str(seal.pk)).order_by("-id")[:LATEST]
        yield Panel(
            _("Verified"),
            [_("When"), _("Transactions"), _("Faults")],
            [
                [link(p, moment(p.recorded_at)), p.data.get("transactions"), p.data.get("faults")]
                for p in proofs
            ],
        )
