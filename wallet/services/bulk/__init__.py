"""Payouts from a file: looked at as a whole, confirmed once, then made line by line, each once.

bulk = bulk.upload(by=…, account=…, name=…, raw=…, at=…)    # read, and what is wrong with its lines
bulk.confirm(bulk=…, at=…)                                  # its owner has seen what it costs
bulk.pay_row(row_id=…, at=…)                                # calls outside; a task goes through them

An organisation's file (`organization_id=…`) is confirmed `by=…` one who manages it, and a large one by two of them.
"""

from wallet.services.bulk.confirming import BulkOver, NobodyElse, confirm, discard
from wallet.services.bulk.paying import pay_row, take_row
from wallet.services.bulk.uploading import Progress, progress_of, result_rows, upload

__all__ = [
    "BulkOver",
    "NobodyElse",
    "Progress",
    "confirm",
    "discard",
    "pay_row",
    "progress_of",
    "result_rows",
    "take_row",
    "upload",
]
