"""What can be done with savings. Money moves only through `wallet.services`."""

from savings.services.choosing import choose_interest
from savings.services.closing import SAVINGS, close_saving
from savings.services.contributing import contribute
from savings.services.ending import end_saving, paid_so_far, quote_closing
from savings.services.maturing import mature, mature_due
from savings.services.opening import Wish, cancel_saving, open_saving
from savings.services.reading import Paid, paid_in_year, positions_of
from savings.services.replaying import enter_backdated
from savings.services.standing import (
    choose_at_maturity,
    extend_saving,
    freeze_saving,
    lift_saving,
    pause_saving,
    rename_saving,
    resume_saving,
)
from savings.services.terms import terms_in_force, terms_of
from savings.services.withdrawing import Cost, cost_of, withdraw

__all__ = [
    "SAVINGS",
    "Cost",
    "Paid",
    "Wish",
    "cancel_saving",
    "choose_at_maturity",
    "choose_interest",
    "close_saving",
    "contribute",
    "cost_of",
    "end_saving",
    "enter_backdated",
    "extend_saving",
    "freeze_saving",
    "lift_saving",
    "mature",
    "mature_due",
    "open_saving",
    "paid_in_year",
    "paid_so_far",
    "pause_saving",
    "positions_of",
    "quote_closing",
    "rename_saving",
    "resume_saving",
    "terms_in_force",
    "terms_of",
    "withdraw",
]
