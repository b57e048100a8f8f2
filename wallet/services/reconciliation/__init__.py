"""Whether what gateways and banks say of our money is what our books say."""

from wallet.services.reconciliation.importing import NoLedger, import_day
from wallet.services.reconciliation.matching import Run, reconcile

__all__ = ["NoLedger", "Run", "import_day", "reconcile"]
