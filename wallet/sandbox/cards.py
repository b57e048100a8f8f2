"""Paystack's published test cards that need no further step (no PIN, no one-time code)."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class TestCard:
    """A number, its security code, and the bank's answer; `approved` cards pay."""

    number: str
    cvv: str
    approved: bool
    response: str
    label: str | Promise

    # Not a test case, whatever pytest makes of the name.
    __test__ = False

    @property
    def spaced(self) -> str:
        return " ".join(self.number[i : i + 4] for i in range(0, len(self.number), 4))


CARDS = {
    card.number: card
    for card in (
        TestCard("4084084084084081", "408", True, "Successful", _("pays")),
        TestCard("4084080000005408", "001", False, "Declined", _("is declined")),
        TestCard("4084080000670037", "787", False, "Insufficient Funds", _("has too little on it")),
    )
}
GOOD_CARD = CARDS["4084084084084081"]
DECLINED_CARD = CARDS["4084080000005408"]
