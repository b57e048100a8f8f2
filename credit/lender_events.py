"""What a lender's programs are told: ids, states and its own amounts (minor units), never who borrows.

Each function is called in the transaction of the deed it tells of, as the service.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.event_types import EventType, declare, topic_of
from core.api.ids import encode
from credit.events import APPLICATION, CONTRACT, LOAN, TRANSACTION
from credit.models import Application, Contract, LoanTransaction, Payout, Provider, Share
from realtime import services as realtime

Kind = LoanTransaction.Kind
# What moved for a lender, by what happened to the loan.
MOVED = {
    Kind.DISBURSEMENT: "paid_out",
    **dict.fromkeys((Kind.REPAYMENT, Kind.PAY_OFF, Kind.RECOVERY), "repaid"),
    **dict.fromkeys((Kind.REVERSAL, Kind.CANCELLATION, Kind.DISBURSAL_UNDONE), "undone"),
}
_APPLICATION = {"application": "cap_01bXeVJ2pTfyGNuObTnVLg"}
_BID = {"bid": "cbd_01bXeVKNyARWzt9Zc36oSi", **_APPLICATION, "state": "LIVE"}
_LOAN = "cln_01bXeVJ2pTfyGNuObTnVLg"
_MOVED = {
    "loan": _LOAN,
    "transaction": "clt_01bXeVKNyARWzt9Zc36oSk",
    "kind": "REPAYMENT",
    "principal": 745596,
    "interest": 200000,
    "charges": 0,
}

declare(
    EventType(
        "credit.application_listed",
        _(
            "An application is open to lenders. Every lender that may lend now is told; what is asked, the API says."
        ),
        _APPLICATION,
    ),
    EventType("credit.bid_made", _("The lender offered, by itself or by a rule."), _BID),
    EventType(
        "credit.bid_superseded", _("A newer offer took an offer's place."), {**_BID, "state": "SUPERSEDED"}
    ),
    EventType("credit.bid_withdrawn", _("The lender took an offer back."), {**_BID, "state": "WITHDRAWN"}),
    EventType(
        "credit.bid_expired",
        _("An offer's time ran out. What it had set aside is free."),
        {**_BID, "state": "EXPIRED"},
    ),
    EventType(
        "credit.bid_lost",
        _("An offer was not chosen. What it had set aside is free."),
        {**_BID, "state": "LOST"},
    ),
    EventType(
        "credit.bid_accepted",
        _("The borrower chose the offer: an agreement is there, and the borrower signs first."),
        {**_BID, "state": "ACCEPTED"},
    ),
    EventType(
        "credit.contract_to_sign",
        _("A borrower has signed: the agreement waits for the lender."),
        {"contract": "cct_01bXeVKNyARWzt9Zc36oSj", **_APPLICATION},
    ),
    EventType(
        "credit.loan_paid_out",
        _(
            "The lender's part of a loan went out: `principal` is below zero, `charges` are the fees kept back."
        ),
        {**_MOVED, "kind": "DISBURSEMENT", "principal": -10000000, "interest": 0, "charges": 100000},
    ),
    EventType("credit.loan_repaid", _("A borrower paid: this is the lender's part of it."), _MOVED),
    EventType(
        "credit.loan_undone",
        _("A payment was taken back, or a loan given back: what moved before goes the other way."),
        {**_MOVED, "kind": "REVERSAL", "principal": -745596, "interest": -200000},
    ),
    EventType("credit.loan_late", _("A loan that was on time is late now."), {"loan": _LOAN}),
)


def listed(application: Application, *, at: datetime) -> None:
    """Tell every lender that may lend on the day, in as many queries as for one."""
    lending = Provider.objects.lending(timezone.localdate(at)).order_by("pk")
    organizations = lending.values_list("organization_id", flat=True)
    facts = {"application": encode(APPLICATION, application.pk)}
    _tell("credit.application_listed", ((one, facts) for one in organizations))


def to_sign(contract: Contract) -> None:
    """Tell each lender that carries a share."""
    facts = {
        "contract": encode(CONTRACT, contract.pk),
        "application": encode(APPLICATION, contract.application_id),
    }
    shares = Share.objects.filter(contract=contract).order_by("pk")
    organizations = shares.values_list("provider__organization_id", flat=True)
    _tell("credit.contract_to_sign", ((one, facts) for one in organizations))


def moved(row: LoanTransaction, payouts: Sequence[Payout]) -> None:
    """Tell each lender what of a loan's transaction was its part."""
    event = MOVED.get(Kind(row.kind))
    if event is None or not payouts:
        return
    shares = Share.objects.filter(pk__in=[payout.share_id for payout in payouts])
    organizations = dict(shares.values_list("pk", "provider__organization_id"))
    told = [
        (
            organizations[payout.share_id],
            {
                "loan": encode(LOAN, row.loan_id),
                "transaction": encode(TRANSACTION, row.pk),
                "kind": row.kind,
                "principal": payout.principal,
                "interest": payout.interest,
                "charges": payout.charges,
            },
        )
        for payout in payouts
    ]
    _tell(f"credit.loan_{event}", told)


def late(loan_ids: Iterable[UUID]) -> None:
    """Tell the lenders of loans that they are late now."""
    shares = Share.objects.filter(contract__loan__in=list(loan_ids)).order_by("pk")
    found = shares.values_list("contract__loan", "provider__organization_id")
    _tell(
        "credit.loan_late",
        ((organization, {"loan": encode(LOAN, loan_id)}) for loan_id, organization in found),
    )


def _tell(event: str, told: Iterable[tuple[UUID, dict[str, Any]]]) -> None:
    realtime.publish_many(
        events=[realtime.Event(topic=topic_of(one), event=event, payload=facts) for one, facts in told]
    )
