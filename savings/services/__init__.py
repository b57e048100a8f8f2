"""What can be done with savings. Money moves only through `wallet.services`."""

from savings.services.rolling import (
    Closed,
    close_next_chunk,
    close_saving,
    days_to_close,
    finish_roll,
    retry_parked,
    start_roll,
)

__all__ = [
    "Closed",
    "close_next_chunk",
    "close_saving",
    "days_to_close",
    "finish_roll",
    "retry_parked",
    "start_roll",
]
