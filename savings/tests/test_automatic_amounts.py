"""What a day of automatic saving comes to: round-ups of what was spent, what is above an amount, room and target."""

import pytest

from accounts.models import User
from core.actors import acting_as_service
from core.ids import posting_id
from savings.tests.world import NAIRA, funded
from wallet import services as wallet
from wallet.models import Account, Entry

pytestmark = pytest.mark.django_db
EACH = 1_000 * NAIRA


@pytest.fixture
def source(ada: User) -> Account:
    return funded(ada, 10_000)


def spend(source: Account, target: Account, amount: int, kind: str = "TRANSFER") -> wallet.Posting:
    with acting_as_service():
        return wallet.post(posting_id=posting_id(), lines=[wallet.Line(kind, source.pk, target.pk, amount)])


def spending_day(source: Account):
    """The Lagos day of the newest movement: the ledger's own clock says when something was paid."""
    with acting_as_service():
        newest = Entry.objects.of(source).first()
    from django.utils import timezone

    assert newest is not None
    return timezone.localdate(newest.recorded_at)
