"""Adjustments: a correcting entry that one member of staff proposes and another approves, posted once."""

from datetime import datetime
from typing import TypedDict, cast

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.approvals import ApprovalAction, Described, Payload
from accounts.models import Approval
from core.errors import DomainError
from core.ids import posting_id
from core.templatetags.money import money
from wallet.models import Account, Transaction
from wallet.refusals import CurrencyMismatch
from wallet.services.approved.words import account_named, before_and_after, name_of
from wallet.services.posting import Line, post

KIND = "ADJUSTMENT"
CODE = "wallet.adjustment"


class OwnMoney(DomainError):
    code = "own_money"
    kind = "forbidden"
    message = _(
        "One of these accounts belongs to somebody who proposed or approved this. Others must deal with it."
    )


class Terms(TypedDict):
    """The payload: what moves, and what its customer reads. Accounts by id, the amount in kobo."""

    debit: str
    credit: str
    amount: int
    description: str


def target_of(terms: Terms) -> str:
    return f"account:{terms['debit']} account:{terms['credit']}"


def refuse_own_money(accounts: list[Account], approval: Approval) -> None:
    """Raise OwnMoney where somebody who had a say owns one of the accounts."""
    people = {approval.maker_id, approval.checker_id, approval.second_checker_id} - {None}
    if any(account.owner_id in people for account in accounts):
        raise OwnMoney


def rehearse(lines: list[Line], description: str) -> None:
    """Post and take it back. Raises what the books would refuse it for."""
    with transaction.atomic():
        post(posting_id=posting_id(), lines=lines, description=description)
        transaction.set_rollback(True)


def _check(payload: Payload) -> None:
    """Raises AccountNotFound, CurrencyMismatch, and whatever the books would refuse it for."""
    terms = cast(Terms, payload)
    sides = [account_named(terms["debit"]), account_named(terms["credit"])]
    if sides[0].currency_id != sides[1].currency_id:
        raise CurrencyMismatch
    rehearse(_lines(terms), terms["description"])


def _version(payload: Payload) -> str:
    """Balances move all the time and are asked again; a state or an owner's standing is decided by somebody."""
    sides = (account_named(payload["debit"]), account_named(payload["credit"]))
    return " ".join(f"{side.state}/{side.owner_state}" for side in sides)


def _describe(payload: Payload) -> Described:
    debit, credit = account_named(payload["debit"]), account_named(payload["credit"])
    amount = payload["amount"]
    return [
        (_("Amount"), money(amount, debit.currency_id)),
        (_("Debited account"), name_of(debit)),
        (_("Its balance"), before_and_after(debit, debited=amount, credited=0)),
        (_("Credited account"), name_of(credit)),
        (_("Its balance"), before_and_after(credit, debited=0, credited=amount)),
        (_("What the customer reads"), payload["description"]),
    ]


def _apply(payload: Payload, approval: Approval, at: datetime) -> None:
    """Post it under the approval's own posting id. Raises OwnMoney, or why the books refuse."""
    terms = cast(Terms, payload)
    refuse_own_money([account_named(terms["debit"]), account_named(terms["credit"])], approval)
    assert approval.posting_id is not None
    post(posting_id=approval.posting_id, lines=_lines(terms), description=terms["description"])
    audit.record(
        action="wallet.adjustment.posted",
        target=Transaction(pk=approval.posting_id),
        actor_id=approval.decided_by_id,
        approval=str(approval.pk),
        ticket=approval.ticket,
        reason=approval.reason,
        amount=terms["amount"],
    )


def _lines(terms: Terms) -> list[Line]:
    from_, to = account_named(terms["debit"]).pk, account_named(terms["credit"]).pk
    return [Line(KIND, from_, to, terms["amount"])]


ACTION = ApprovalAction(
    code=CODE,
    label=_("Adjustment"),
    propose="wallet.propose_adjustment",
    approve="wallet.approve_adjustment",
    check=_check,
    target_version=_version,
    describe=_describe,
    apply=_apply,
    amount=lambda payload: int(payload["amount"]),
    posts=True,
)
