"""A loan that is held: what whoever has its lock reads and changes."""

from dataclasses import dataclass
from datetime import date, datetime

from credit.models import Application, Loan, LoanStanding, Position
from credit.standing import Standing


@dataclass
class Held:
    """A loan under the lock of its position and its application, closed up to yesterday. Minor units."""

    loan: Loan
    application: Application
    position: Position
    record: LoanStanding
    standing: Standing
    today: date
    at: datetime
