"""What borrowers and lenders read of offers, in plain words."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError
from credit.matching import Bar
from credit.models import Bid
from credit.refusals import NotPossible, OfferBarred

State = Bid.State
TONES = {
    State.LIVE: "info",
    State.ACCEPTED: "success",
    State.LOST: "neutral",
    State.EXPIRED: "neutral",
    State.WITHDRAWN: "neutral",
    State.SUPERSEDED: "neutral",
}
TO_LENDERS: dict[str, str | Promise] = {
    Bar.PROVIDER_INACTIVE: _("Your organisation may not lend now."),
    Bar.NOT_LICENSED: _("Your licence has run out."),
    Bar.AMOUNT_OUTSIDE_PRODUCT: _("Your product does not lend this amount."),
    Bar.TERM_OUTSIDE_PRODUCT: _("Your product does not lend for so many months."),
    Bar.HEADROOM_SHORT: _("There is not enough money left to lend: other offers have set it aside."),
    Bar.RATE_ABOVE_CAP: _("The rate is above the highest of your product."),
    Bar.RATE_BELOW_ZERO: _("A rate is not below zero."),
    Bar.RATE_BELOW_PRODUCT: _("The rate is below the lowest of your product."),
    Bar.AMOUNT_ABOVE_ASKED: _("This is more than was asked for."),
    Bar.TERM_NOT_ASKED: _("Several lenders carry this loan: offer for the months that were asked for."),
    Bar.EXPIRED: _("The offer would be over already."),
    Bar.OFFER_ALREADY_LIVE: _(
        "You have an open offer for this application. Look at it again and replace it."
    ),
    Bar.PAST_DEADLINE: _("The time for offers is over."),
    Bar.NOT_POOLABLE: _(
        "Several lenders carry this loan: it takes a product with level monthly instalments."
    ),
    Bar.OWN_APPLICATION: _("This comes from one of your own people."),
}
TO_BORROWERS: dict[str, str | Promise] = {
    Bar.PROVIDER_INACTIVE: _("This lender may not lend just now."),
    Bar.NOT_LICENSED: _("This lender’s licence has run out."),
    Bar.HEADROOM_SHORT: _("This lender no longer has the money for it."),
    Bar.EXPIRED: _("This offer is over."),
    Bar.PAST_DEADLINE: _("The time to choose is over."),
}
# What was released, as a lender reads it.
RELEASED: dict[str, str | Promise] = {
    "amount": _("Asks for"),
    "count": _("Monthly instalments"),
    "purpose": _("What for"),
    "purpose_text": _("In their own words"),
    "employment": _("Work"),
    "employed_since": _("Since"),
    "income": _("Comes in a month"),
    "expenses": _("Spends a month"),
    "debts": _("Pays on other loans a month"),
    "score": _("Alajo score"),
}


def to_lender(refused: DomainError) -> str:
    """Why an offer cannot be made, everything that bars it named."""
    if isinstance(refused, NotPossible) and "why" in refused.data:
        return str(_("No loan comes of these figures: %(why)s") % {"why": refused.data["why"]})
    return _said(refused, TO_LENDERS)


def to_borrower(refused: DomainError) -> str:
    return _said(refused, TO_BORROWERS)


def _said(refused: DomainError, words: dict[str, str | Promise]) -> str:
    if not isinstance(refused, OfferBarred):
        return str(refused)
    return " ".join(str(words.get(bar, refused)) for bar in dict.fromkeys(refused.data["bars"]))
