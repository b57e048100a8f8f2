"""Lives of orders that nobody chose, against a model that knows four purses and no states.

The model only looks at what is said to have happened: paid, sent back, passed on. After each deed the ledger has to be
where the model is, to the kobo, whether the deed was done or refused.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from accounts.models import User
from accounts.tests.factories import make_person
from core.errors import DomainError
from marketplace.models import Order, Product
from marketplace.pricing import settle
from marketplace.services.cancelling import cancel, decline
from marketplace.services.deciding import decide
from marketplace.services.fulfilling import accept, complete_next, confirm, deliver, ship
from marketplace.services.lapsing import lapse_next
from marketplace.services.refunding import (
    ask_refund,
    dispute,
    grant_refund,
    refuse_refund,
    withdraw_refund,
)
from marketplace.tests.factories import NAIRA, make_product
from marketplace.tests.shopping import (
    AT,
    agrees,
    balance,
    bought,
    keeper_of,
    now_of,
    open_shop,
    ours,
    wallet_of,
)
from wallet.tests.factories import make_wallet

pytestmark = pytest.mark.django_db(transaction=True)
RICH = 1_000_000 * NAIRA
ENDED = ("CANCELLED", "REFUNDED")


@dataclass
class Model:
    """What is where of one order: kobo."""

    seen: Order
    is_released: bool = False

    def look(self) -> None:
        self.seen = now_of(self.seen)
        assert 0 <= self.seen.refunded <= self.seen.paid
        self.is_released |= self.seen.state == "COMPLETED"

    def purses(self) -> tuple[int, int, int, int, int]:
        """The buyer's loss, escrow, the seller, our commission, its tax."""
        kept = self.seen.paid - self.seen.refunded
        if not self.is_released:
            return kept, kept, 0, 0, 0
        delivery = min(self.seen.delivery, kept)
        due = settle(kept, rate=Decimal(5), tax_rate=Decimal("7.5"), delivery=delivery)
        return kept, 0, due.seller, due.commission, due.tax


Deed = Callable[[], object]


def deeds_of(order: Order, ada: User, chance: random.Random, at: datetime) -> list[Deed]:
    """All that anybody may try, at whatever time: most of it does not fit the state and is refused."""
    keeper = keeper_of(order)
    mine = {"order_id": order.pk, "customer_id": ada.pk, "at": at}
    theirs = {"order_id": order.pk, "by": keeper, "at": at}
    amount = chance.choice([1, chance.randint(1, order.paid), order.paid, order.paid + 1])
    ends: list[Deed] = [lambda: cancel(**mine), lambda: decline(**theirs, reason="Sold out")]
    return [
        *(ends if chance.random() < 0.2 else ()),
        lambda: accept(**theirs),
        lambda: accept(**theirs),
        lambda: ship(**theirs, carrier="Kwik", tracking=""),
        lambda: ship(**theirs, carrier="Kwik", tracking=""),
        lambda: deliver(**theirs),
        lambda: confirm(**mine),
        lambda: ask_refund(**mine, amount=amount, reason="Torn"),
        lambda: ask_refund(**mine, amount=amount, reason="Torn"),
        lambda: withdraw_refund(**mine),
        lambda: refuse_refund(**theirs, answer="It was whole"),
        lambda: grant_refund(**theirs),
        lambda: grant_refund(**theirs, amount=amount),
        lambda: dispute(**mine, reason="Never came"),
        lambda: decide(order_id=order.pk, refund=min(amount, order.paid), answer="", at=at),
        lambda: lapse_next(at=at),
        lambda: complete_next(at=at),
    ]


@pytest.mark.parametrize("seed", range(8))
def test_the_ledger_is_where_a_model_of_four_purses_is(seed: int) -> None:
    chance = random.Random(seed)
    ada = make_person(email="ada@alajo.test")
    make_wallet(ada, amount=RICH, tier=3)
    seller = open_shop(make_person(email="shop@alajo.test"), delivery=chance.choice([0, 1_499_99]))
    cloth: Product = make_product(seller, price=chance.randint(1, 20_000 * NAIRA), stock=100)
    models: list[Model] = []
    at, done = AT, 0
    for _life in range(4):
        order = bought(ada, {cloth: chance.randint(1, 3)}, at=at)
        models.append(Model(order))
        for _step in range(8):
            at += chance.choice([timedelta(0), timedelta(hours=5), timedelta(days=2), timedelta(days=9)])
            order = now_of(order)
            done += _one_of(deeds_of(order, ada, chance, at), order, chance)
            for model in models:
                model.look()
            _compare(ada, seller.account_id, models)
            if now_of(order).state in ENDED:
                break
    assert done >= len(models)
    agrees(*(model.seen for model in models))


def _one_of(deeds: list[Deed], order: Order, chance: random.Random) -> bool:
    """Try the deeds until one is done. What is refused changes nothing."""
    for deed in chance.sample(deeds, len(deeds)):
        try:
            if deed() is not False:
                return True
        except DomainError:
            after = now_of(order)
            assert (after.state, after.refunded, after.changed_at) == (
                order.state,
                order.refunded,
                order.changed_at,
            )
    return False


def _compare(ada: User, account: UUID, models: list[Model]) -> None:
    sums = [sum(column) for column in zip(*(model.purses() for model in models), strict=True)]
    assert [
        RICH - wallet_of(ada),
        ours("MARKETPLACE_ESCROW"),
        balance(account),
        ours("FEE_INCOME"),
        ours("VAT_PAYABLE"),
    ] == sums
