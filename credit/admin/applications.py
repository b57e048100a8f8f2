"""Applications for staff to follow: where each stands and what became of it. Read-only.

What its file says stands on the screen of a case, for those who work on cases. What lenders offer is sealed from
everybody until bidding is over.
"""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.people_found import people
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
    moment,
    page_of,
    time_of,
    title_of,
)
from core.templatetags.rates import percent
from credit.admin.case_screen import short, states_of
from credit.models import Application, Bid, Case, Consent, Contract, Loan
from credit.services.cases import WORKED
from credit.states import State

SHOWN = 50
SEALED = (State.LISTED, State.OFFERED)


@admin.register(Application)
class ApplicationAdmin(ReadOnlyAdmin):
    list_display = (
        title_of(_("Application")),
        link_of("user", _("Borrower")),
        "state",
        amount_of("amount", _("Amount"), currency="currency_id"),
        time_of("submitted_at", _("Sent")),
        time_of("ended_at", _("Ended")),
    )
    list_filter = ("state", When)
    list_select_related = ("user",)
    shown = (
        *list_display[1:4],
        *("wanted", "replaces", "listed"),
        *(time_of("made_at", _("Begun")), time_of("submitted_at", _("Sent"))),
        *(time_of("complete_at", _("Complete")), time_of("deadline", _("Bidding ends"))),
        *(time_of("sign_by", _("To be signed by")), time_of("ended_at", _("Ended"))),
        *("contract_link", "loan_link", "id"),
    )
    search_help_text = _("By id, its loan’s number, or the borrower as in the list of users")

    def find(self, queryset: QuerySet[Application], term: str) -> QuerySet[Application]:
        if key := as_uuid(term):
            return queryset.filter(Q(pk=key) | Q(user=key))
        by_loan = queryset.filter(loan__number=term.upper())
        return by_loan if by_loan.exists() else queryset.filter(user__in=people(term))

    @admin.display(description=_("Monthly instalments"))
    def wanted(self, asked: Application) -> int | str:
        return asked.count or EMPTY

    @admin.display(description=_("Times opened to lenders"))
    def listed(self, asked: Application) -> int:
        return asked.listings

    @admin.display(description=_("Replaces the loan"))
    def replaces(self, asked: Application) -> SafeString | str:
        return link(asked.refinances) if asked.refinances else EMPTY

    @admin.display(description=_("Contract"))
    def contract_link(self, asked: Application) -> SafeString | str:
        contract = Contract.objects.filter(application=asked).order_by("-pk").first()
        return link(contract) if contract else EMPTY

    @admin.display(description=_("Loan"))
    def loan_link(self, asked: Application) -> SafeString | str:
        loan = Loan.objects.filter(pk=asked.pk).first()
        return link(loan) if loan else EMPTY

    def panels(self, asked: Application) -> Iterable[Panel]:
        yield states_of(asked)
        yield _consents(asked)
        yield _offers(asked)
        yield _cases(asked)


def _consents(asked: Application) -> Panel:
    rows = Consent.objects.filter(application=asked).order_by("-pk")[:SHOWN]
    at = timezone.now()
    return Panel(
        _("Consents"),
        [_("To what"), _("Words"), _("Given"), _("Until"), _("Taken back"), _("Holds")],
        [
            [
                *(row.get_kind_display(), row.version, moment(row.given_at), moment(row.expires_at)),
                *(moment(row.withdrawn_at), _("Yes") if row.stands(at) else _("No")),
            ]
            for row in rows
        ],
    )


def _offers(asked: Application) -> Panel:
    rows = Bid.objects.filter(application=asked).select_related("provider").order_by("-pk")[:SHOWN]
    return Panel(
        _("Offers, sealed until bidding is over") if asked.state in SEALED else _("Offers"),
        [_("Lender"), _("State"), _("Made"), _("Until"), _("Amount"), _("Rate a year"), _("APR")],
        [
            [
                *(row.provider.display_name, row.get_state_display()),
                *(moment(row.made_at), moment(row.expires_at)),
                *_terms_of(row, asked),
            ]
            for row in rows
        ],
    )


def _terms_of(row: Bid, asked: Application) -> list[Any]:
    if asked.state in SEALED:
        return [_("Sealed")] * 3
    return [amount(row.amount, asked.currency_id), percent(row.rate), percent(row.apr)]


def _cases(asked: Application) -> Panel:
    """What was decided stands with the case, for those who may read it."""
    rows = Case.objects.filter(application=asked).order_by("-pk")[:SHOWN]
    return Panel(
        _("Cases"),
        [_("Case"), _("Kind"), _("Opened"), _("Due"), _("Decided")],
        [
            [
                anchor(page_of(Case, row.pk), short(row)) if row.kind in WORKED else short(row),
                row.get_kind_display(),
                *(moment(row.opened_at), moment(row.due_at), moment(row.decided_at)),
            ]
            for row in rows
        ],
    )
