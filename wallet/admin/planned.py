"""Money out that is planned, for staff: transfers on a day, merchants' days, files and their lines. To look at only."""

from collections.abc import Iterable

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.people_found import people
from core.staff import (
    EMPTY,
    Panel,
    ReadOnlyAdmin,
    When,
    amount,
    amount_of,
    as_uuid,
    link,
    link_of,
    list_of,
    moment,
    time_of,
    yes_no,
)
from wallet.admin.columns import account_column, account_link
from wallet.models import BulkPayout, BulkPayoutRow, ScheduledRun, ScheduledTransfer, SettlementRun

SHOWN_IN_PANEL = 20


@admin.register(ScheduledTransfer)
class ScheduledTransferAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        account_column("source", _("From")),
        "rhythm",
        "state",
        "next_date",
        time_of("created_at", _("Made")),
        amount_of("amount", _("Amount"), currency="source.currency_id"),
    )
    list_filter = ("state", "rhythm", When)
    list_select_related = ("source__owner",)
    shown = (
        *list_display,
        link_of("recipient", _("To")),
        "bank_account",
        *("note", "first_date", "last_date"),
        time_of("ended_at", _("Ended")),
    )
    search_help_text = _("By id, or the start of its owner's e-mail address")

    def find(self, queryset: QuerySet[ScheduledTransfer], term: str) -> QuerySet[ScheduledTransfer]:
        key = as_uuid(term)
        if key:
            return queryset.filter(Q(pk=key) | Q(source=key))
        return queryset.filter(owner__in=people(term))

    def panels(self, plan: ScheduledTransfer) -> Iterable[Panel]:
        runs = ScheduledRun.objects.filter(schedule=plan).order_by("-due_date", "-pk")[:SHOWN_IN_PANEL]
        yield Panel(
            _("Latest days"),
            [_("Day"), _("State"), _("Why not"), _("Ended")],
            [
                [link(run, run.due_date), run.get_state_display(), run.code or EMPTY, moment(run.ended_at)]
                for run in runs
            ],
            list_of(ScheduledRun, schedule__id__exact=plan.pk),
        )


@admin.register(ScheduledRun)
class ScheduledRunAdmin(ReadOnlyAdmin):
    linked_by = ("schedule__id__exact",)
    list_display = (
        "id",
        "due_date",
        "source_link",
        "state",
        "code",
        "tries",
        time_of("next_try_at", _("Next try")),
        time_of("ended_at", _("Ended")),
    )
    list_filter = ("state", When)
    list_select_related = ("schedule__source__owner",)
    shown = (
        *list_display,
        link_of("schedule", _("Scheduled transfer")),
        link_of("payout", _("Payout")),
        *("posting_id", "reason"),
        time_of("made_at", _("Made")),
    )
    search_help_text = _("By id, that of its plan, its posting or its payout")

    def find(self, queryset: QuerySet[ScheduledRun], term: str) -> QuerySet[ScheduledRun]:
        key = as_uuid(term)
        if key is None:
            return queryset.none()
        return queryset.filter(Q(pk=key) | Q(schedule=key) | Q(posting_id=key) | Q(payout=key))

    @admin.display(description=_("From"))
    def source_link(self, run: ScheduledRun) -> str:
        return account_link(run.schedule.source)


@admin.register(SettlementRun)
class SettlementRunAdmin(ReadOnlyAdmin):
    linked_by = ("merchant__id__exact",)
    list_display = (
        "id",
        "due_date",
        link_of("merchant", _("Merchant")),
        "state",
        "code",
        time_of("next_try_at", _("Next try")),
        time_of("ended_at", _("Ended")),
    )
    list_filter = ("state", When)
    list_select_related = ("merchant",)
    shown = (*list_display, link_of("payout", _("Payout")), "reason", time_of("made_at", _("Made")))
    search_help_text = _("By id, which is that of its payout, or the merchant's")

    def find(self, queryset: QuerySet[SettlementRun], term: str) -> QuerySet[SettlementRun]:
        key = as_uuid(term)
        return queryset.filter(Q(pk=key) | Q(merchant=key)) if key else queryset.none()


@admin.register(BulkPayout)
class BulkPayoutAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        account_column("account", _("Account")),
        "state",
        "rows",
        yes_no("takes_two", _("By two people")),
        time_of("uploaded_at", _("Uploaded")),
        time_of("confirmed_at", _("Confirmed")),
        amount_of("amount", _("Amount"), currency="account.currency_id"),
    )
    list_filter = ("state", When)
    list_select_related = ("account__owner",)
    shown = (
        *list_display,
        "file_name",
        "sha256",
        amount_of("fee", _("Fees"), currency="account.currency_id"),
        link_of("owner", _("Customer")),
        link_of("organization", _("Organisation")),
        link_of("uploaded_by", _("Uploaded by")),
        link_of("confirmed_by", _("Confirmed by")),
        time_of("ended_at", _("Ended")),
    )
    search_help_text = _(
        "By id, that of its account, the file's hash, or the start of its owner's e-mail address"
    )

    def find(self, queryset: QuerySet[BulkPayout], term: str) -> QuerySet[BulkPayout]:
        key = as_uuid(term)
        if key:
            return queryset.filter(Q(pk=key) | Q(account=key) | Q(organization=key))
        return queryset.filter(Q(sha256=term) | Q(owner__in=people(term)))

    def panels(self, file: BulkPayout) -> Iterable[Panel]:
        states = dict(BulkPayoutRow.State.choices)
        counted = BulkPayoutRow.objects.filter(bulk=file).values("state").annotate(many=Count("id"))
        yield Panel(
            _("Lines"),
            [_("State"), _("Lines")],
            [[states[each["state"]], each["many"]] for each in counted.order_by("state")],
            list_of(BulkPayoutRow, bulk__id__exact=file.pk),
        )


@admin.register(BulkPayoutRow)
class BulkPayoutRowAdmin(ReadOnlyAdmin):
    """Whose account a line names, its customer has written down: staff see the bank and the end of the number."""

    linked_by = ("bulk__id__exact",)
    list_display = ("id", "number", "to", "state", "code", link_of("payout", _("Payout")), "amount_money")
    list_filter = ("state", When)
    list_select_related = ("bulk__account", "payout")
    shown = (*list_display, link_of("bulk", _("File")), "fee_money", "problems", "reason")
    search_help_text = _("By id, which is that of its payout, or the file's")

    def find(self, queryset: QuerySet[BulkPayoutRow], term: str) -> QuerySet[BulkPayoutRow]:
        key = as_uuid(term)
        return queryset.filter(Q(pk=key) | Q(bulk=key)) if key else queryset.none()

    @admin.display(description=_("To"))
    def to(self, row: BulkPayoutRow) -> str:
        return f"{row.bank_name} •••• {row.last_four}" if row.last_four else row.bank_name or EMPTY

    @admin.display(description=_("Amount"))
    def amount_money(self, row: BulkPayoutRow) -> str:
        return amount(row.amount, row.bulk.account.currency_id)

    @admin.display(description=_("Fee"))
    def fee_money(self, row: BulkPayoutRow) -> str:
        return amount(row.fee, row.bulk.account.currency_id)
