"""Schedules of fees: dated, whole, never changed; the ones in force are those of the law."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from accounts.models import AuditEvent
from accounts.tests.factories import make_person
from core.actors import acting_as, acting_as_service
from wallet import services as wallet
from wallet.fees import FEE, LEVY, STAMP_DUTY, Band
from wallet.models import FeeRule, FeeSchedule
from wallet.tests.ledger import plainly_denied, root, system
from wallet.tests.schedules import make_schedule

pytestmark = pytest.mark.django_db

NAIRA = 100
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def cost(kind: str, naira: int, at: datetime = NOW, *waivers: str, tier: int | None = None) -> dict[str, int]:
    with acting_as_service():
        found = wallet.quote_fee(
            kind=kind,
            amount=naira * NAIRA,
            currency="NGN",
            tier=tier,
            at=at,
            waivers=frozenset(waivers),
        )
    return {line.kind: line.amount for line in found.lines}


@pytest.mark.parametrize("kind", ["WITHDRAWAL", "PAYOUT"])
@pytest.mark.parametrize(
    ("naira", "charges"),
    [
        (5_000, {"FEE": 1_000, "VAT": 75}),
        (5_001, {"FEE": 2_500, "VAT": 188}),
        (9_999, {"FEE": 2_500, "VAT": 188}),
        (10_000, {"FEE": 2_500, "VAT": 188, "STAMP_DUTY": 5_000}),
        (50_000, {"FEE": 2_500, "VAT": 188, "STAMP_DUTY": 5_000}),
        (50_001, {"FEE": 5_000, "VAT": 375, "STAMP_DUTY": 5_000}),
    ],
)
def test_a_transfer_to_a_bank_costs_what_the_guide_caps_it_at(
    kind: str, naira: int, charges: dict[str, int]
) -> None:
    assert cost(kind, naira) == charges


def test_sending_between_wallets_costs_the_duty_alone() -> None:
    assert cost("TRANSFER", 9_999) == {}
    assert cost("TRANSFER", 10_000) == {"STAMP_DUTY": 5_000}


def test_before_2026_the_receiver_bore_the_levy_and_the_day_is_that_of_lagos() -> None:
    last_levy = datetime(2025, 12, 31, 22, 59, tzinfo=UTC)
    assert cost("TRANSFER", 10_000, last_levy) == {"LEVY": 5_000}
    assert cost("TRANSFER", 10_000, last_levy + timedelta(minutes=1)) == {"STAMP_DUTY": 5_000}
    assert cost("WITHDRAWAL", 10_000, last_levy) == {"FEE": 2_500, "VAT": 188}
    assert cost("WITHDRAWAL", 10_000, datetime(2020, 1, 20, tzinfo=UTC)) == {"FEE": 2_500, "VAT": 125}
    assert cost("WITHDRAWAL", 10_000, datetime(2019, 12, 31, tzinfo=UTC)) == {}


@pytest.mark.parametrize("waiver", FeeRule.Waiver.values)
def test_salaries_and_ones_own_accounts_are_free_of_duty(waiver: str) -> None:
    assert cost("PAYOUT", 20_000, NOW, waiver) == {"FEE": 2_500, "VAT": 188}


@pytest.mark.parametrize(
    ("naira", "fee", "tax"), [(2_499, 3_749, 281), (2_500, 13_750, 1_031), (1_000_000, 200_000, 15_000)]
)
def test_a_merchant_pays_our_own_price(naira: int, fee: int, tax: int) -> None:
    assert cost("MERCHANT_PAYMENT", naira) == {"FEE": fee, "VAT": tax}


def test_every_schedule_that_is_there_says_whose_rule_it_is() -> None:
    with acting_as_service():
        assert not FeeSchedule.objects.filter(source="").exists()
        assert FeeSchedule.objects.in_force(on=NOW.date(), currency="NGN").count() == 4


def test_a_tier_with_a_schedule_of_its_own_pays_by_that() -> None:
    make_schedule("TRANSFER", Band(FEE, 0, flat=100), tier=2)
    make_schedule("TRANSFER", Band(FEE, 0, flat=300))
    at = timezone.now()
    assert [cost("TRANSFER", 10, at, tier=tier) for tier in (None, 1, 2)] == [
        {"FEE": 300},
        {"FEE": 300},
        {"FEE": 100},
    ]


def test_a_schedule_dated_ahead_holds_from_its_day() -> None:
    make_schedule("TRANSFER", Band(FEE, 0, flat=300), days=1)
    assert cost("TRANSFER", 10, timezone.now()) == {}
    assert cost("TRANSFER", 10, timezone.now() + timedelta(days=1)) == {"FEE": 300}


def test_what_holds_is_asked_again_after_a_minute() -> None:
    at = timezone.now()
    assert cost("TRANSFER", 10, at) == {}
    make_schedule("TRANSFER", Band(FEE, 0, flat=300), forget=False)
    cost("TRANSFER", 10, at)
    assert cost("TRANSFER", 10, at + timedelta(minutes=1)) == {"FEE": 300}


def test_fee_lines_go_from_the_payer_to_the_accounts_of_their_kinds() -> None:
    payer = make_person().pk
    with acting_as_service():
        quote = wallet.quote_fee(kind="WITHDRAWAL", amount=10**6, currency="NGN", tier=1, at=NOW)
        assert wallet.fee_lines(quote=quote, payer=payer, currency="NGN") == [
            wallet.Line("FEE", payer, system("FEE_INCOME"), 2_500),
            wallet.Line("VAT", payer, system("VAT_PAYABLE"), 188),
            wallet.Line("STAMP_DUTY", payer, system("STAMP_DUTY_PAYABLE"), 5_000),
        ]
        levied = wallet.quote_fee(
            kind="TRANSFER", amount=10**6, currency="NGN", tier=1, at=NOW - timedelta(days=100)
        )
        assert levied.levied == 5_000
        assert wallet.fee_lines(quote=levied, payer=payer, currency="NGN") == []


def test_adding_a_schedule_leaves_a_trace() -> None:
    schedule = make_schedule("TRANSFER", Band(FEE, 0, flat=1))
    with acting_as_service():
        assert AuditEvent.objects.filter(
            action="wallet.fee_schedule.added", target_id=str(schedule.pk)
        ).exists()


@pytest.mark.parametrize(
    "facts",
    [
        {"tax_rate": Decimal("1.1")},
        {"bands": [Band(FEE, 0, flat=-1)]},
        {"bands": [Band(FEE, -1)]},
        {"bands": [Band(FEE, 0, rate=Decimal("1.1"))]},
        {"bands": [Band(FEE, 0, minimum=2, maximum=1)]},
        {"bands": [Band(FEE, 0), Band(FEE, 0, flat=1)]},
        {"bands": [Band(LEVY, 10**6, flat=5_000)]},
        {"from_date": date(2026, 1, 2)},
    ],
)
def test_the_database_refuses_what_no_schedule_can_be(facts: dict[str, Any]) -> None:
    whole: dict[str, Any] = {
        "kind": "TRANSFER",
        "tier": None,
        "currency": "NGN",
        "from_date": timezone.localdate(),
        "tax_rate": Decimal(0),
        "source": "a test",
        "bands": [Band(STAMP_DUTY, 0)],
    }
    with acting_as_service(), pytest.raises(IntegrityError), transaction.atomic():
        wallet.add_fee_schedule(**{**whole, **facts})


def test_there_is_one_schedule_of_a_kind_tier_and_day() -> None:
    for tier in (None, 3):
        make_schedule("TRANSFER", tier=tier)
        with pytest.raises(IntegrityError), transaction.atomic():
            make_schedule("TRANSFER", tier=tier)


CHANGES = [
    "update wallet_feeschedule set tax_rate = 0",
    "update wallet_feerule set flat = 1",
    "delete from wallet_feerule",
    "delete from wallet_feeschedule",
    "truncate wallet_feerule",
    "truncate wallet_feeschedule, wallet_feerule",
]


@pytest.mark.parametrize("statement", CHANGES)
def test_a_schedule_is_not_changed_or_deleted_by_anybody(statement: str) -> None:
    with acting_as_service():
        plainly_denied(statement)
    with root() as database, pytest.raises(psycopg.Error) as caught:
        database.execute(statement)
    assert caught.value.sqlstate == "ALJ02"


@pytest.mark.django_db(transaction=True)
def test_no_rule_comes_after_its_schedule() -> None:
    schedule = make_schedule("TRANSFER", days=5)
    with acting_as_service(), pytest.raises(DatabaseError, match="a schedule is whole"), transaction.atomic():
        FeeRule.objects.create(schedule=schedule, charge=FEE, flat=1)
    with acting_as_service():
        assert not schedule.rules.exists()


def test_customers_read_schedules_and_write_none() -> None:
    with acting_as(make_person()):
        assert FeeSchedule.objects.exists() and FeeRule.objects.exists()
        for table in ("wallet_feeschedule", "wallet_feerule"):
            plainly_denied(f"insert into {table} default values")
            plainly_denied(f"delete from {table}")
    plainly_denied("select count(*) from wallet_feeschedule")
