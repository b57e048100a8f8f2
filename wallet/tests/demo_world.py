"""The demo world for tests, with its books folded and sealed."""

import time
from io import StringIO

from django.core.management import call_command
from django.db.models import Sum

from core.actors import acting_as_service
from wallet.models import Checkpoint, Seal, Transaction
from wallet.services.books import fold, seal

PATIENCE = 30.0


def make_demo_world() -> str:
    """Seed it, and wait until all of it is sealed; return what the command said.

    A fold or a seal stops before the oldest transaction that still runs on the server, and other test
    processes share the server.
    """
    out = StringIO()
    call_command("seed_demo", stdout=out)
    deadline = time.monotonic() + PATIENCE
    while not _all_sealed():
        assert time.monotonic() < deadline, "some other transaction runs on and on"
        time.sleep(0.1)
        for step in (fold, seal):
            with acting_as_service():
                step()
    return out.getvalue()


def _all_sealed() -> bool:
    with acting_as_service():
        sealed = Seal.objects.aggregate(rows=Sum("rows"))["rows"] or 0
        return sealed == Transaction.objects.count() and Checkpoint.objects.exists()
