"""What a page shows, as a short word that changes with it: a page that is asked with its own word has nothing new."""

from collections.abc import Iterable
from hashlib import sha256

from wallet.models import Payment, Payout


def word_for(*facts: object, payments: Iterable[Payment | Payout]) -> str:
    states = [f"{payment.pk}{payment.state}" for payment in payments]
    return sha256(repr((facts, states)).encode()).hexdigest()[:16]
