"""What somebody paid out of a wallet in some time, payment by payment, less what was taken back of it since."""

from collections import Counter
from datetime import datetime

from core.actors import acting_as_service
from wallet.models import Account, PartReversal, Payout, Reversal
from wallet.services.cooling_off import OUT
from wallet.services.statements.lines import Line, lines_of, versions_of


def payments_out(*, account: Account, since: datetime, until: datetime) -> list[int]:
    """Return what is left (minor units) of each payment recorded from `since` on, before `until`, the earliest first.

    A payment is what went to a person, a bank or a shop; what it cost is none of its own. Raises MovementsInArchive.
    """
    with acting_as_service():
        versions = versions_of(accounts=[account.pk], since=since, until=until)[account.pk]
        found = lines_of(account=account, first=versions.first, last=versions.last)
        paid = [line for line in found if line.kind in OUT and line.change < 0]
        gone = _taken_back_whole(paid)
        parts = _taken_back_in_parts(paid)
        left = [-line.change - parts[line.transaction_id] for line in paid if line.posting_id not in gone]
    return [amount for amount in left if amount > 0]


def _taken_back_whole(paid: list[Line]) -> set[object]:
    postings = [line.posting_id for line in paid]
    reversed_ = Reversal.objects.filter(pk__in=postings).values_list("pk", flat=True)
    returned = Payout.objects.filter(posting_id__in=postings, state=Payout.State.RETURNED)
    return {*reversed_, *returned.values_list("posting_id", flat=True)}


def _taken_back_in_parts(paid: list[Line]) -> Counter[object]:
    parts: Counter[object] = Counter()
    ids = [line.transaction_id for line in paid]
    for pk, amount in PartReversal.objects.filter(transaction_id__in=ids).values_list(
        "transaction_id", "amount"
    ):
        parts[pk] += amount
    return parts
