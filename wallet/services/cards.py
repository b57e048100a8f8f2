"""The fingerprint of a card that paid: a keyed hash of the gateway's own, which is the same whoever pays by it."""

from collections.abc import Sequence
from uuid import UUID

from core.encryption import blind_index
from wallet.gateways.base import Charge
from wallet.models import Payment

LONGEST = 100


def index_of(charge: Charge) -> str:
    """Return the fingerprint of a charge's card; nothing where it was paid otherwise or the gateway tells none."""
    said = charge.raw.get("authorization")
    signature = said.get("signature") if isinstance(said, dict) else None
    if not isinstance(signature, str) or not 1 <= len(signature) <= LONGEST:
        return ""
    return blind_index(signature, purpose="card")


def same_card(person: UUID, others: Sequence[UUID]) -> bool:
    """Whether a person paid by a card that one of `others` paid by too."""
    mine = Payment.objects.filter(account__owner=person).exclude(card_index="").values("card_index")
    return Payment.objects.filter(account__owner__in=others, card_index__in=mine).exists()
