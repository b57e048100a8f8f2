"""Working days: Monday to Friday. Pure.

Public holidays are announced too late to be reckoned with, so they count as working days; whoever promises a customer
time gives what the law asks for without them.
"""

from datetime import date, timedelta

DAY = timedelta(days=1)
FRIDAY = 4


def after(on: date, working_days: int) -> date:
    """Return the day that follows so many whole working days after `on`: the first one that is past them.

    Raises ValueError for a number below zero.
    """
    if working_days < 0:
        raise ValueError("Working days are counted forwards.")
    day, left = on, working_days
    while left:
        day += DAY
        left -= day.weekday() <= FRIDAY
    return day + DAY
