"""Small words of the wallet's pages; those for times it has from core."""

from uuid import UUID

from django import template

from core.templatetags import times
from wallet import payout_words as words_of_payouts
from wallet import wording
from wallet.fees import FeeLine
from wallet.models import Dispute, Entry, Hold, Payment, Payout, Refund

register = template.Library()
register.filters.update(times.register.filters)


@register.filter
def plain_amount(amount: int) -> str:
    """Return kobo as digits for an input or an address: 500000 as 5000, 150 as 1.50."""
    whole, rest = divmod(amount, 100)
    return f"{whole}.{rest:02}" if rest else str(whole)


@register.filter
def line_name(line: FeeLine | Entry) -> wording.Words:
    """Return the name of a charge: fee, tax or duty."""
    return wording.kind(line.kind)


@register.filter
def in_words(what: Payment | Refund | Dispute) -> wording.PaymentWords | wording.ClaimWords:
    """Return what to tell its customer about a payment, a refund or a dispute."""
    if isinstance(what, Refund):
        return wording.refund(what.state, elsewhere=what.bank_account_id is not None)
    return wording.dispute(what.state) if isinstance(what, Dispute) else wording.payment(what.state)


@register.filter
def why_held(hold: Hold) -> wording.Words:
    """Return why money is set aside, in its customer's words."""
    return wording.hold(hold.reason)


@register.filter
def about(addresses: dict[UUID, str], key: UUID) -> str:
    """Return the address of the page that tells of a thing, nothing where there is none."""
    return addresses.get(key, "")


@register.filter
def payout_words(payout: Payout) -> wording.PaymentWords:
    """Return what to tell its customer about a withdrawal."""
    return words_of_payouts.payout(payout.state)
