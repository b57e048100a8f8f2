"""Parts of a kobo: a gateway that reckons in them takes a whole kobo more or less than its fee says, now and then."""

from uuid import UUID

from wallet.services.accounts import system_account
from wallet.services.posting import Line

ROUNDING = "ROUNDING"


def rounding_lines(*, dust: int, clearing: UUID, currency: str) -> list[Line]:
    """Return the line that takes to the account of parts what was taken beside the fee (kobo, signed); none for 0."""
    if not dust:
        return []
    parts = system_account(ROUNDING, currency)
    debit, credit = (parts, clearing) if dust > 0 else (clearing, parts)
    return [Line(ROUNDING, debit, credit, abs(dust))]
