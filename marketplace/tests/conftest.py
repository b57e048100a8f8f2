"""A buyer with money, and a shop with one product."""

import pytest

from accounts.models import User
from accounts.tests.factories import make_person
from marketplace.models import Product, Seller
from marketplace.tests.factories import make_product
from marketplace.tests.shopping import (
    COST,
    RICH,
    open_shop,
)
from wallet.tests.factories import make_wallet


@pytest.fixture
def ada(db: None) -> User:
    person = make_person(email="ada@alajo.test")
    make_wallet(person, amount=RICH, tier=3)
    return person


@pytest.fixture
def seller(db: None) -> Seller:
    return open_shop(make_person(email="shop@alajo.test"))


@pytest.fixture
def cloth(seller: Seller) -> Product:
    return make_product(seller, price=COST, stock=10)
