"""The demo world's statements: those of the month before, as the first night of this month would have made them."""

from datetime import datetime, timedelta

from wallet.services.statements import make_monthly
from wallet.services.statements.lines import LAGOS


def make(*, at: datetime) -> int:
    """Make last month's statements, unless they are there; return how many were made."""
    last_month = at.astimezone(LAGOS).date().replace(day=1) - timedelta(days=1)
    return make_monthly(month=last_month, at=at)
