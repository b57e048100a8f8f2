"""Holding a saving: its position is locked before anything else, so that nobody writes to it at the same time."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.utils import timezone

from savings.models import PlanTerms, Position, UserSavings
from savings.refusals import SavingNotFound
from savings.services.closing import close_saving
from savings.services.terms import value_day
from wallet import services as wallet
from wallet.models import Account

# No two clocks are so far apart.
CLOCKS_DIFFER = timedelta(hours=1)


@dataclass(frozen=True)
class Held:
    """A saving under the lock of its position, closed up to yesterday. Minor units."""

    saving: UserSavings
    position: Position
    balance: int
    today: date

    @property
    def is_over(self) -> bool:
        """Whether its last day has passed, whether or not the task has come to it."""
        return self.saving.matures_on is not None and self.saving.matures_on <= self.today


def hold(saving_id: UUID, *, user_id: UUID | None, at: datetime) -> Held:
    """Lock a saving and close its days that are over. `user_id` None is a task or staff. Raises SavingNotFound.

    Needs a transaction, as the service.
    """
    today = timezone.localdate(at)
    owned = UserSavings.objects.filter(pk=saving_id)
    if user_id is not None:
        owned = owned.filter(user_id=user_id)
    if not owned.exists():
        raise SavingNotFound
    position = close_saving(saving_id=saving_id, until=today)
    saving = UserSavings.objects.select_related("plan", "terms").get(pk=saving_id)
    balance = Account.objects.values_list("balance", flat=True).get(pk=saving.account_id)
    return Held(saving, position, balance, today)


def value_day_of(held: Held, at: datetime, terms: PlanTerms) -> date:
    """As `value_day`, and never a day that is closed already, should a clock have been set back."""
    day = value_day(at, terms.cut_off)
    return day if held.position.next_day is None else max(day, held.position.next_day)


def effective(at: datetime) -> datetime | None:
    """Return when the ledger is told that it happened: a moment that is over, or None for its own now."""
    return at if at < timezone.now() - CLOCKS_DIFFER else None


def wallet_of(user_id: UUID, currency: str) -> Account:
    """Return the customer's wallet of a currency, opened when there is none."""
    return Account.objects.get(pk=wallet.open_wallet(owner_id=user_id, currency=currency))
