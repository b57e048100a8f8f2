from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from accounts.tests.factories import make_person
from wallet import services as wallet
from wallet.gateways.paystack import Paystack
from wallet.gateways.xpress_pay import XpressPay
from wallet.gateways.xpress_wallet import XpressWallet
from wallet.services import gateways
from wallet.tests.api import World
from wallet.tests.deposits import install_sandbox
from wallet.tests.pages import browser_of
from wallet.tests.scripted import Scripted, scripted_server
from wallet.tests.xpress_pay import install_xpress_pay
from wallet.tests.xpress_wallet import install_xpress_wallet


class Watched(Paystack):
    """As ever, without the pauses between its tries; fails the test when called inside a transaction."""

    def _call(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        assert not connection.in_atomic_block
        return super()._call(*args, **kwargs)


class WatchedWallet(XpressWallet):
    """As ever; fails the test when called inside a transaction."""

    def ask(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        assert not connection.in_atomic_block
        return super().ask(*args, **kwargs)


@pytest.fixture
def paystack(live_server, settings, monkeypatch) -> Iterator[str]:
    """The sandbox as our gateway, each calling the other over HTTP; afterwards the books must add up."""
    settings.PAYSTACK_BASE_URL = f"{live_server.url}/sandbox/paystack"
    settings.PAYSTACK_WEBHOOK_URL = f"{live_server.url}/webhooks/paystack/"
    settings.PAYSTACK_APPROVAL_URL = f"{live_server.url}/webhooks/paystack/transfers/approval"

    @lru_cache
    def adapter(key: str, url: str) -> Paystack:
        return Watched(secret_key=key, base_url=url, sleep=lambda _seconds: None)

    monkeypatch.setattr(gateways, "_paystack", adapter)
    install_sandbox(settings.PAYSTACK_SANDBOX_SECRET_KEY)
    yield live_server.url
    assert wallet.verify() == []


@pytest.fixture
def xpress_pay(live_server, settings, monkeypatch) -> Iterator[str]:
    """The sandbox of XpressPay as our only gateway, over HTTP; afterwards the books must add up."""
    settings.XPRESS_PAY_BASE_URL = f"{live_server.url}/sandbox/xpress-pay"
    settings.XPRESS_PAY_WEBHOOK_URL = (
        f"{live_server.url}/webhooks/xpress-pay/{settings.XPRESS_PAY_SANDBOX_DOOR}/"
    )

    @lru_cache
    def adapter(key: str, door: str, url: str) -> XpressPay:
        declined = settings.XPRESS_PAY_DECLINED
        return XpressPay(
            public_key=key, door=door, declined=declined, base_url=url, sleep=lambda _seconds: None
        )

    monkeypatch.setattr(gateways, "_xpress_pay", adapter)
    install_xpress_pay()
    yield live_server.url
    assert wallet.verify() == []


@pytest.fixture
def xpress_wallet(live_server, settings, monkeypatch) -> Iterator[str]:
    """The sandbox of Xpress Wallet as our only gateway, over HTTP; afterwards the books must add up."""
    settings.XPRESS_WALLET_BASE_URL = f"{live_server.url}/sandbox/xpress-wallet"
    settings.XPRESS_WALLET_WEBHOOK_URL = (
        f"{live_server.url}/webhooks/xpress-wallet/{settings.XPRESS_WALLET_SANDBOX_DOOR}/"
    )

    @lru_cache
    def adapter(key: str, door: str, url: str) -> XpressWallet:
        return WatchedWallet(secret_key=key, door=door, base_url=url, sleep=lambda _seconds: None)

    monkeypatch.setattr(gateways, "_xpress_wallet", adapter)
    install_xpress_wallet()
    yield live_server.url
    assert wallet.verify() == []


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    with scripted_server() as script:
        yield script


@pytest.fixture
def ada(db: None) -> User:
    return make_person(name="Ada Obi")


@pytest.fixture
def bola(db: None) -> User:
    return make_person(name="Bola Adé")


@pytest.fixture
def as_ada(ada: User) -> Client:
    """Ada's browser."""
    return browser_of(ada)


@pytest.fixture
def world(db: None) -> World:
    return World()


@pytest.fixture
def committed_world(transactional_db: None) -> World:
    return World()
