"""How long before a rate falls its savers must know of it. Pure.

Source: CBN, Guidelines on disclosure (draft of 2024): a change of the rate takes notice of 5 working days. Working days
are Monday to Friday; public holidays are announced too late to be reckoned with, so they count as working days and
whoever proposes allows for them.
"""

from datetime import date, timedelta

WORKING_DAYS = 5
FRIDAY = 4


def earliest(on: date, *, working_days: int = WORKING_DAYS) -> date:
    """Return the first day on which a rate may fall that is announced on a day: after so many whole working days."""
    day, left = on, working_days
    while left:
        day += timedelta(days=1)
        left -= day.weekday() <= FRIDAY
    return day + timedelta(days=1)
