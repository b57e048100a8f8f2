"""How long before a rate falls its savers must know of it. Pure.

Source: CBN, Guidelines on disclosure (draft of 2024): a change of the rate takes notice of 5 working days. Whoever
proposes one allows for public holidays, which `core/workdays.py` does not know.
"""

from datetime import date

from core.workdays import after

WORKING_DAYS = 5


def earliest(on: date, *, working_days: int = WORKING_DAYS) -> date:
    """Return the first day on which a rate may fall that is announced on a day: after so many whole working days."""
    return after(on, working_days)
