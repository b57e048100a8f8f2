"""Taking a posting back by staff: small ones alone, larger ones by two people."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.approvals import ApprovalAction, Described, Payload
from accounts.models import Approval, User
from core.actors import acting_as_service
from core.errors import DomainError
from core.ids import posting_id
from core.templatetags.money import money
from wallet.models import Account, Payout, Reversal, Transaction
from wallet.refusals import AlreadyReversed, PostingNotFound
from wallet.services import posting, reversals
from wallet.services.approved.adjustments import refuse_own_money
from wallet.services.approved.words import before_and_after, name_of

CODE = "wallet.reversal"


class TakesTwoPeople(DomainError):
    """`data["most"]` is what one may take back alone, in minor units."""

    code = "takes_two_people"
    kind = "forbidden"
    message = _("This is more than one person may take back alone. Propose it instead.")
    public = ("most",)


class OwnMoneyAlone(DomainError):
    code = "own_money_alone"
    kind = "forbidden"
    message = _("One of these accounts is yours. Somebody else must deal with it.")


def amount_of(posted: UUID) -> int:
    """What moved by a posting in all. Raises PostingNotFound."""
    total = Transaction.objects.of_posting(posted).aggregate(total=Sum("amount"))["total"]
    if total is None:
        raise PostingNotFound(posting=str(posted))
    return int(total)


def reverse_alone(
    *, reversal_id: UUID, reverses: UUID, by: User, reason: str, ticket: str, description: str, at: datetime
) -> posting.Posting:
    """Take back a posting of a small amount; `reversal_id` is the id of the posting that does.

    Raises PostingNotFound, AlreadyReversed, TakesTwoPeople, OwnMoneyAlone, or why the money cannot go back.
    """
    with acting_as_service():
        amount, lines = amount_of(reverses), _lines(reverses)
        most = reversals.most_alone(currency=lines[0].currency, on=timezone.localdate(at))
        if amount > most:
            raise TakesTwoPeople(most=most)
        if any(
            by.pk == side.owner_id for line in lines for side in (line.debit_account, line.credit_account)
        ):
            raise OwnMoneyAlone
        done = reversals.reverse(posting_id=reversal_id, reverses=reverses, description=description)
        if not done.replayed:
            _record(reversal_id, by.pk, reverses=str(reverses), reason=reason, ticket=ticket, amount=amount)
    return done


def _lines(posted: UUID) -> list[Transaction]:
    rows = Transaction.objects.of_posting(posted)
    return list(rows.select_related("debit_account__owner", "credit_account__owner"))


def _check(payload: Payload) -> None:
    """Raises PostingNotFound, AlreadyReversed, or why the money cannot go back."""
    posted = UUID(payload["posting"])
    amount_of(posted)
    if Reversal.objects.filter(pk=posted).exists():
        raise AlreadyReversed
    with transaction.atomic():
        reversals.check_stands(posting_id=posted)
        posting.reverse(posting_id=posting_id(), reverses=posted, description=payload["description"])
        transaction.set_rollback(True)


def _version(payload: Payload) -> str:
    found = Reversal.objects.filter(pk=payload["posting"]).values_list("reversed_by", flat=True).first()
    payout = Payout.objects.filter(posting_id=payload["posting"]).first()
    if payout is not None and reversals.returned_elsewhere(payout):
        return "returned elsewhere"
    return f"reversed by {found}" if found else "stands"


def _describe(payload: Payload) -> Described:
    lines = _lines(UUID(payload["posting"]))
    said = [
        (
            _("Taken back"),
            f"{line.kind} {money(line.amount, line.currency)}: "
            f"{name_of(line.debit_account)} → {name_of(line.credit_account)}",
        )
        for line in lines
    ]
    return [*said, *_balances(lines), (_("What the customer reads"), payload["description"])]


def _balances(lines: list[Transaction]) -> list[tuple[str, str]]:
    """What each account's balance would become: a reversal credits what was debited."""
    sides: dict[UUID, Account] = {}
    moved: dict[UUID, list[int]] = {}
    for line in lines:
        for account, side in ((line.credit_account, 0), (line.debit_account, 1)):
            sides[account.pk] = account
            moved.setdefault(account.pk, [0, 0])[side] += line.amount
    label = str(_("Balance of %(account)s"))
    return [
        (
            label % {"account": name_of(account)},
            before_and_after(account, debited=moved[key][0], credited=moved[key][1]),
        )
        for key, account in sides.items()
    ]


def _apply(payload: Payload, approval: Approval, at: datetime) -> None:
    """Reverse it under the approval's own posting id. Raises OwnMoney, or why the money cannot go back."""
    posted = UUID(payload["posting"])
    lines = _lines(posted)
    refuse_own_money([side for line in lines for side in (line.debit_account, line.credit_account)], approval)
    assert approval.posting_id is not None
    reversals.reverse(posting_id=approval.posting_id, reverses=posted, description=payload["description"])
    _record(
        approval.posting_id,
        approval.decided_by_id,
        reverses=payload["posting"],
        approval=str(approval.pk),
        reason=approval.reason,
        ticket=approval.ticket,
        amount=approval.amount,
    )


def _record(done: UUID, by: UUID | None, **facts: object) -> None:
    audit.record(action="wallet.posting.reversed", target=Transaction(pk=done), actor_id=by, **facts)


ACTION = ApprovalAction(
    code=CODE,
    label=_("Reversal"),
    propose="wallet.reverse_posting",
    approve="wallet.approve_reversal",
    check=_check,
    target_version=_version,
    describe=_describe,
    apply=_apply,
    amount=lambda payload: amount_of(UUID(payload["posting"])),
    posts=True,
)
