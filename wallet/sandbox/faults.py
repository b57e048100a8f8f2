"""Which misbehaviour comes next."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, Q

from wallet.sandbox.models import Fault

Kind = Fault.Kind

ON_CALL = (
    Kind.DELAY,
    Kind.DROP_REPLY,
    Kind.BAD_GATEWAY_AFTER,
    Kind.BAD_GATEWAY_BEFORE,
    Kind.HTML_503,
    Kind.TOO_MANY,
    Kind.WRONG_SHAPE,
)
ON_PAYMENT = (
    Kind.WRONG_AMOUNT,
    Kind.UNDERPAID,
    Kind.WRONG_CURRENCY,
    Kind.CUSTOMER_BEARS_FEE,
    Kind.NULL_FEES,
    Kind.METADATA_ZERO,
    Kind.AMOUNT_AS_STRING,
)
ON_SAVED_CARD = (Kind.CARD_DECLINED,)
ON_DEPOSIT = (Kind.UNKNOWN_ACCOUNT, Kind.DEPOSIT_REJECTED)
ON_TRANSFER = (
    Kind.TRANSFER_AT_ONCE,
    Kind.TRANSFER_FAILS,
    Kind.TRANSFER_REVERSED,
    Kind.TRANSFER_STAYS,
    Kind.WRONG_AMOUNT,
    Kind.WRONG_CURRENCY,
    Kind.NULL_FEES,
    Kind.AMOUNT_AS_STRING,
)
ON_REFUND = (Kind.AMOUNT_AS_STRING,)
ON_WEBHOOK = (
    Kind.DROP_WEBHOOK,
    Kind.DUPLICATE_WEBHOOK,
    Kind.WEBHOOK_DELAY,
    Kind.WEBHOOK_FIRST,
    Kind.WEBHOOK_SWAPPED,
)
ON_DELIVERY = (Kind.FORGED_SIGNATURE,)

SLOWEST_ANSWER = 120


@dataclass(frozen=True)
class Taken:
    """The faults that strike now, each with its value."""

    values: dict[str, str]

    def __contains__(self, kind: str) -> bool:
        return kind in self.values

    def number(self, kind: str, default: int) -> int:
        value = self.values.get(kind, "")
        return int(value) if value.isascii() and value.isdecimal() else default


@transaction.atomic
def take(kinds: Collection[str], *, reference: str, endpoint: str = "") -> Taken:
    """Use up one of each of these kinds that waits for this charge and call, the oldest first."""
    waiting = Fault.objects.select_for_update().filter(
        Q(reference="") | Q(reference=reference), Q(endpoint="") | Q(endpoint=endpoint), kind__in=kinds
    )
    values: dict[str, str] = {}
    for fault in waiting.order_by("pk"):
        if fault.kind in values:
            continue
        values[fault.kind] = fault.value
        if fault.remaining == 1:
            fault.delete()
        else:
            Fault.objects.filter(pk=fault.pk).update(remaining=F("remaining") - 1)
    return Taken(values)
