"""Why a loan cannot be paid into its borrower's wallet, in words that say what they can do. Pure."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_WALLET_FULL = _(
    "Your wallet cannot hold this much at your tier. Raise your tier, or take money out of it; we pay it in then."
)
_RECEIVES_NOTHING = _(
    "Your account cannot receive money at the moment. Your verification page says what is needed."
)
_WORDS: dict[str, str | Promise] = {
    "balance_cap_exceeded": _WALLET_FULL,
    "daily_receiving_limit_exceeded": _(
        "Your wallet has received as much as it can today. We try again later."
    ),
    "customer_no_credit": _RECEIVES_NOTHING,
    "account_no_credit": _RECEIVES_NOTHING,
    "account_frozen": _RECEIVES_NOTHING,
    "account_closed": _RECEIVES_NOTHING,
    "customer_closed": _RECEIVES_NOTHING,
}


def why_waiting(code: str) -> str | Promise:
    """Return what stands in the way, by the code that is kept of it."""
    return _WORDS.get(
        code, _("Something is in the way on our side. We are looking into it; you need do nothing.")
    )
