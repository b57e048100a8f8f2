"""Whether what gateways and banks say of our money is what our books say."""

from wallet.services.reconciliation.bank_settlements import take_in_settlements
from wallet.services.reconciliation.days import Standing, check_day, freeze_day, standing, version_of
from wallet.services.reconciliation.deciding import explain, match_by_hand, reopen, take_apart
from wallet.services.reconciliation.figures import is_as_signed, signature_of
from wallet.services.reconciliation.file_imports import (
    accounts_with_rows,
    choose_mapping,
    confirm_file,
    keep_file,
    make_mapping,
    read_draft,
)
from wallet.services.reconciliation.importing import NoLedger, import_day
from wallet.services.reconciliation.matching import Run, reconcile
from wallet.services.reconciliation.sides import Candidate, Side, candidates_of, side_of
from wallet.services.reconciliation.suspense import (
    SUSPENSE_AGES,
    ages,
    follow_suspense,
    standing_for,
)

__all__ = [
    "SUSPENSE_AGES",
    "Candidate",
    "NoLedger",
    "Run",
    "Side",
    "Standing",
    "accounts_with_rows",
    "ages",
    "candidates_of",
    "check_day",
    "choose_mapping",
    "confirm_file",
    "explain",
    "follow_suspense",
    "freeze_day",
    "import_day",
    "is_as_signed",
    "keep_file",
    "make_mapping",
    "match_by_hand",
    "read_draft",
    "reconcile",
    "reopen",
    "side_of",
    "signature_of",
    "standing",
    "standing_for",
    "take_apart",
    "take_in_settlements",
    "version_of",
]
