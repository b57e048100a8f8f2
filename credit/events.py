"""What apps are told of credit: borrowers on their topic, a lender on its organisation's. Amounts are minor units.

Ids are those of the API.
"""

from collections.abc import Iterable
from typing import Any

from core.api.ids import encode
from credit.models import Application, Bid, LoanTransaction
from realtime import services as realtime

APPLICATION, BID, LOAN, TRANSACTION, QUOTE, CONTRACT = "cap", "cbd", "cln", "clt", "cpq", "cct"
PROVIDER, PRODUCT, RULE, HARDSHIP = "cpr", "cpd", "cru", "chs"
QUESTION, REPORT, SCHEDULE = "cqn", "crp", "csv"


def stepped(application: Application, event: str, **facts: Any) -> None:
    """An application, or the loan it became, went a step: `credit.accept` for one."""
    stepped_many([application], event, **facts)


def stepped_many(applications: Iterable[Application], event: str, **facts: Any) -> None:
    realtime.publish_many(
        events=[
            realtime.Event(
                topic=f"user:{application.user_id}",
                event=f"credit.{event}",
                payload={
                    "application": encode(APPLICATION, application.pk),
                    "state": application.state,
                    **facts,
                },
            )
            for application in applications
        ]
    )


def happened(transactions: Iterable[LoanTransaction]) -> None:
    """Something happened to loans: `credit.repayment`, `credit.penalty`."""
    realtime.publish_many(
        events=[
            realtime.Event(
                topic=f"user:{one.loan.user_id}",
                event=f"credit.{one.kind.lower()}",
                payload={
                    "loan": encode(LOAN, one.loan_id),
                    "transaction": encode(TRANSACTION, one.pk),
                    "amount": one.amount,
                    "on": one.on.isoformat(),
                },
            )
            for one in transactions
        ]
    )


def bids_changed(bids: Iterable[Bid], event: str) -> None:
    """Offers were made or ended: `credit.bid_made`. The borrower is told, and each lender of its own alone."""
    told = []
    for bid in bids:
        payload = {
            "bid": encode(BID, bid.pk),
            "application": encode(APPLICATION, bid.application_id),
            "state": bid.state,
        }
        topics = (f"user:{bid.application.user_id}", f"org:{bid.provider.organization_id}")
        told += [
            realtime.Event(topic=topic, event=f"credit.bid_{event}", payload=payload) for topic in topics
        ]
    realtime.publish_many(events=told)
