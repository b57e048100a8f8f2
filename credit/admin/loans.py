"""Loans that were paid out, for staff to look at: what is owed, what happened, what each lender got. Read-only."""

from collections.abc import Iterable

from django.contrib import admin
from django.db.models import QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from accounts.people_found import people
from core.staff import Panel, ReadOnlyAdmin, When, amount, amount_of, as_uuid, link_of, time_of
from credit.models import Loan, LoanTransaction, Payout

SHOWN = 100


@admin.register(Loan)
class LoanAdmin(ReadOnlyAdmin):
    list_display = (
        "number",
        link_of("user", _("Borrower")),
        amount_of("amount", _("Lent"), currency="currency_id"),
        "opened_on",
        "closed_on",
    )
    list_filter = (When,)
    list_select_related = ("user",)
    shown = (
        *list_display,
        "effective_rate",
        link_of("replaced_by", _("Replaced by")),
        time_of("made_at", _("Made")),
    )
    search_help_text = _("By number or id, or the start of the borrower's e-mail address")

    def find(self, queryset: QuerySet[Loan], term: str) -> QuerySet[Loan]:
        if key := as_uuid(term):
            return queryset.filter(pk=key)
        by_number = queryset.filter(number=term.upper())
        return by_number if by_number.exists() else queryset.filter(user__in=people(term))

    def panels(self, loan: Loan) -> Iterable[Panel]:
        happened = LoanTransaction.objects.filter(loan=loan).order_by("-number")[:SHOWN]
        yield Panel(
            _("What happened"),
            [_("Number"), _("Day"), _("What"), _("Amount"), _("Interest"), _("Principal"), _("Charges")],
            [
                [
                    row.number,
                    row.on,
                    row.get_kind_display(),
                    *(
                        amount(part, loan.currency_id)
                        for part in (row.amount, row.interest, row.principal, row.fees + row.penalties)
                    ),
                ]
                for row in happened
            ],
        )
        got = (
            Payout.objects.filter(transaction__loan=loan)
            .exclude(transaction__kind=LoanTransaction.Kind.DISBURSEMENT)
            .values_list("share__provider__display_name", "share__amount")
            .annotate(Sum("principal"), Sum("interest"), Sum("charges"))
        )
        yield Panel(
            _("What each lender got back"),
            [_("Lender"), _("Lent"), _("Principal"), _("Interest"), _("Charges")],
            [
                [name, *(amount(part, loan.currency_id) for part in parts)]
                for name, *parts in got.order_by("share__provider__display_name")
            ],
        )
