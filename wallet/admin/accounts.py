"""Accounts, and what is set aside on them and summed up of them."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import BigIntegerField, Case, F, Func, Q, QuerySet
from django.db.models import When as If
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.people_found import people
from accounts.personal import PersonalAdmin
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
    link_of,
    list_of,
    moment,
    page_of,
    time_of,
    yes_no,
)
from wallet.admin.columns import account_column, account_link
from wallet.admin.proposals import ways
from wallet.models import Account, Checkpoint, Entry, Hold, LimitCounter, Payment, TierRule, Transaction
from wallet.services.approved import adjustments
from wallet.services.spending import explain_balance

LATEST = 20
ENTRY_COLUMNS = [
    _("Version"),
    _("Recorded"),
    _("Kind"),
    _("Other side"),
    _("Description"),
    _("Change"),
    _("Balance"),
]


class OfAccountAdmin(ReadOnlyAdmin):
    """Rows that hang on one account."""

    list_select_related = ("account__owner",)
    search_help_text = _("By id or account id, or the start of an e-mail address")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("account__owner")

    def find(self, queryset: QuerySet[Any], term: str) -> QuerySet[Any]:
        key = as_uuid(term)
        if key is None:
            return queryset.filter(account__owner__in=people(term))
        keyed_by_uuid = self.opts.pk.get_internal_type() == "UUIDField"
        return queryset.filter(Q(account=key) | Q(pk=key) if keyed_by_uuid else Q(account=key))


@admin.register(Account)
class AccountAdmin(PersonalAdmin):
    list_display = (
        "__str__",
        "owner_link",
        "state",
        amount_of("balance_now", _("Balance")),
        amount_of("held", _("Held")),
        time_of("opened_at", _("Opened")),
    )
    list_filter = ("state", "kind", "hot", When)
    list_select_related = ("owner",)
    shown = (
        "id",
        "code",
        link_of("owner", _("Owner")),
        "kind",
        "currency",
        "normal_side",
        "state",
        amount_of("balance_now", _("Balance")),
        amount_of("held", _("Held")),
        "available_money",
        amount_of("floor", _("Floor")),
        amount_of("cap", _("Cap")),
        "owner_state",
        "version",
        yes_no("hot", _("Hot")),
        time_of("opened_at", _("Opened")),
        time_of("closed_at", _("Closed")),
        "entries",
    )
    search_help_text = _("By id, code, the start of an e-mail address, or @handle")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Account]:
        # A hot account keeps no balance: the ledger adds up what came since its last checkpoint.
        counted = Func(F("pk"), function="wallet.balance_of", output_field=BigIntegerField())
        now = Case(If(hot=True, then=counted), default=F("balance"))
        accounts: QuerySet[Account] = super().get_queryset(request)
        return accounts.select_related("owner").annotate(balance_now=now)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["ways"] = ways(request, (adjustments.CODE, {"debit": kwargs["obj"].pk}))
        return super().render_change_form(request, context, *args, **kwargs)

    def find(self, queryset: QuerySet[Account], term: str) -> QuerySet[Account]:
        key = as_uuid(term)
        if key:
            return queryset.filter(Q(pk=key) | Q(owner=key))
        return queryset.filter(Q(code=term.upper()) if term.isupper() else Q(owner__in=people(term)))

    @admin.display(description=_("Owner"))
    def owner_link(self, account: Account) -> SafeString | str:
        return link(account.owner) if account.owner else EMPTY

    @admin.display(description=_("Available"))
    def available_money(self, account: Account) -> SafeString | str:
        return EMPTY if account.hot else amount(account.available, account.currency_id)

    @admin.display(description=_("Entries"))
    def entries(self, account: Account) -> SafeString:
        return anchor(list_of(Entry, account=account.pk), _("All entries"))

    def panels(self, account: Account) -> Iterable[Panel]:
        rows = Entry.objects.filter(account=account).select_related("counterparty__owner")
        latest = rows.order_by("-transaction_id" if account.hot else "-version")[:LATEST]
        yield Panel(
            _("Latest entries"),
            ENTRY_COLUMNS,
            [entry_row(entry) for entry in latest],
            list_of(Entry, account=account.pk),
        )
        if not account.hot:
            yield balance_panel(account)
        yield limits_panel(account)
        yield holds_panel(account)
        payments = Payment.objects.filter(account=account).order_by("-id")[:LATEST]
        yield Panel(
            _("Latest payments"),
            [_("Reference"), _("State"), _("Started"), _("Amount")],
            [
                [link(p), p.get_state_display(), moment(p.created_at), amount(p.amount, p.currency_id)]
                for p in payments
            ],
            list_of(Payment, account__id__exact=account.pk),
        )


def balance_panel(account: Account) -> Panel:
    """Why the balance is what it is: what each kind of movement made of it, each leading to its entries."""
    found = explain_balance(account=account)
    currency = account.currency_id
    before = (
        []
        if found.since is None
        else [
            [_("Before %(day)s") % {"day": found.since}, EMPTY, EMPTY, EMPTY, amount(found.opening, currency)]
        ]
    )
    return Panel(
        _("Why the balance is this"),
        [_("Kind"), _("Entries"), _("In"), _("Out"), _("Together")],
        [
            *before,
            *(
                [
                    anchor(list_of(Entry, account=account.pk, kind=kind), kind),
                    sums.count,
                    amount(sums.money_in, currency),
                    amount(sums.money_out, currency),
                    amount(sums.net, currency, sign=True),
                ]
                for kind, sums in found.kinds.items()
            ),
            [_("Balance"), EMPTY, EMPTY, EMPTY, amount(found.balance, currency)],
        ],
        list_of(Entry, account=account.pk),
    )


def limits_panel(account: Account) -> Panel:
    """What the account has used of today, as its owner is told."""
    counters = LimitCounter.objects.filter(account_id=account.pk).order_by("-kind")
    return Panel(
        _("Limits today"),
        [_("Limit"), _("Day"), _("Resets"), _("At most"), _("Used"), _("Left")],
        [
            [
                counter.get_kind_display(),
                counter.day.isoformat(),
                moment(counter.resets_at),
                amount(counter.limit, account.currency_id),
                amount(counter.used, account.currency_id),
                amount(counter.left, account.currency_id),
            ]
            for counter in counters
        ],
        list_of(TierRule),
    )


def holds_panel(account: Account) -> Panel:
    holds = Hold.objects.filter(account=account).order_by("-id")[:LATEST]
    return Panel(
        _("Holds"),
        [_("Hold"), _("State"), _("Reason"), _("Expires"), _("Committed"), _("Amount")],
        [
            [
                link(hold),
                hold.get_state_display(),
                hold.reason,
                moment(hold.expires_at),
                amount(hold.committed, account.currency_id),
                amount(hold.amount, account.currency_id),
            ]
            for hold in holds
        ],
        list_of(Hold, account__id__exact=account.pk),
    )


def entry_row(entry: Entry) -> list[Any]:
    version = EMPTY if entry.version is None else entry.version
    balance = EMPTY if entry.balance is None else amount(entry.balance, entry.currency)
    return [
        anchor(page_of(Transaction, entry.transaction_id), version),
        moment(entry.recorded_at),
        entry.kind,
        account_link(entry.counterparty),
        entry.description,
        amount(entry.change, entry.currency, sign=True),
        balance,
    ]


@admin.register(Hold)
class HoldAdmin(OfAccountAdmin):
    linked_by = ("account__id__exact",)
    list_display = (
        "id",
        account_column("account", _("Account")),
        "state",
        "reason",
        time_of("created_at", _("Placed")),
        time_of("expires_at", _("Expires")),
        amount_of("committed", _("Committed"), currency="account.currency_id"),
        amount_of("amount", _("Amount"), currency="account.currency_id"),
    )
    list_filter = ("state", When)
    shown = ("id", "closed_at", *list_display[1:], "actor_id")

    def panels(self, hold: Hold) -> Iterable[Panel]:
        entries = Entry.objects.filter(account=hold.account_id, hold_id=hold.pk).select_related(
            "counterparty__owner"
        )
        yield Panel(
            _("Committed"),
            ENTRY_COLUMNS,
            [entry_row(entry) for entry in entries.order_by("-version")[:LATEST]],
        )


@admin.register(Checkpoint)
class CheckpointAdmin(OfAccountAdmin):
    list_display = (
        "id",
        account_column("account", _("Account")),
        "entries",
        time_of("made_at", _("Made")),
        amount_of("balance", _("Balance"), currency="account.currency_id"),
    )
    list_filter = (("made_at", admin.DateFieldListFilter),)
    shown = list_display
