"""What is timed of reconciling: `python -m bench.reconcile_work run|import` prints seconds, or rows a second."""

import sys
import time
from uuid import uuid4

import django
from django.conf import settings

django.setup()
settings.DEBUG = False  # which keeps a copy of every statement

from django.utils import timezone  # noqa: E402

from core.actors import acting_as_service  # noqa: E402
from wallet.gateways.capabilities import LedgerRow  # noqa: E402
from wallet.models import Account, RowImport  # noqa: E402
from wallet.services import reconciliation  # noqa: E402
from wallet.services.reconciliation import importing  # noqa: E402

TAKEN_IN = 50_000


def run(account: Account) -> float:
    """One run from its first statement to its commit. It has to find what was laid out."""
    begun = time.perf_counter()
    found = reconciliation.reconcile(account_id=account.pk, at=timezone.now())
    took = time.perf_counter() - begun
    if not found.opened or found.matched:
        raise RuntimeError(f"the run found something else than was laid out: {found}")
    print(found, file=sys.stderr)
    return took


def take_in(account: Account) -> float:
    """Rows that nobody knows yet, in the batches in which a gateway tells them."""
    at = timezone.now()
    rows = [
        LedgerRow(uuid4().hex, "CHARGE", "", f"alj-new-{n}", n + 1, None, "NGN", "", at)
        for n in range(TAKEN_IN)
    ]
    with acting_as_service():
        row_import = RowImport.objects.filter(account=account).latest("made_at")
    begun = time.perf_counter()
    for first in range(0, len(rows), importing.BATCH):
        with acting_as_service():
            importing.store(row_import=row_import, rows=rows[first : first + importing.BATCH])
    return TAKEN_IN / (time.perf_counter() - begun)


def main(what: str) -> float:
    with acting_as_service():
        account = Account.objects.get(code="PAYSTACK_CLEARING", currency="NGN")
    return {"run": run, "import": take_in}[what](account)


if __name__ == "__main__":
    print(main(sys.argv[1]))
