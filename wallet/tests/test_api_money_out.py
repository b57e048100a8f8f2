"""Money out by the API: bank accounts, withdrawals once for each key, what is scheduled."""

from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.utils import timezone

from accounts.models import Session
from core.actors import acting_as_service
from core.api import ids
from wallet.models import Bank, BankAccount, PaymentGateway, Payout, ScheduledTransfer
from wallet.tests.api import World, acc, client_with_key, problem
from wallet.tests.deposits import fault
from wallet.tests.factories import install_sandbox
from wallet.tests.payouts import at_sandbox, bank_account_of, money

WITHDRAWALS, BANK_ACCOUNTS, SCHEDULED = (
    "/api/v1/withdrawals",
    "/api/v1/bank-accounts",
    "/api/v1/scheduled-transfers",
)


@pytest.fixture
def banked(paystack, committed_world: World) -> World:
    """The committed world, with the sandbox as its gateway."""
    with acting_as_service():
        gateway = PaymentGateway.objects.get(code="paystack")
        Bank.objects.create(gateway=gateway, code="044", name="Access Bank", read_at=timezone.now())
    return committed_world


def ban(account: BankAccount) -> str:
    return ids.encode("ban", account.pk)


def post(world: World, path: str, body: dict[str, Any], *, key: str = "k1") -> HttpResponse:
    return world.api.post(path, body, format="json", headers={"Idempotency-Key": key})


def order(world: World, bank: BankAccount, **changes: Any) -> dict[str, Any]:
    return {
        "account": acc(world.purse),
        "bank_account": ban(bank),
        "amount": 50_000,
        "currency": "NGN",
        **changes,
    }


class TestBankAccounts:
    def add(self, world: World, *, key: str = "k1", **changes: Any) -> HttpResponse:
        body = {"bank_code": "044", "account_number": "0000000220", **changes}
        return post(world, BANK_ACCOUNTS, body, key=key)

    def test_an_account_is_named_by_its_bank_and_added_once(self, banked: World) -> None:
        made = self.add(banked).json()
        assert (made["holder_name"], made["last_four"], made["is_default"]) == ("OBI ADA GRACE", "0220", True)
        assert "0000000220" not in str(made)
        again = self.add(banked)
        assert again["Idempotent-Replayed"] == "true" and again.json() == made
        assert self.add(banked, key="k2").json()["id"] == made["id"]
        listed = banked.api.get(BANK_ACCOUNTS).json()
        assert [each["id"] for each in listed["data"]] == [made["id"]]
        assert banked.api.get(f"{BANK_ACCOUNTS}/{made['id']}").json() == made

    def test_it_is_taken_off_the_list_and_is_another_persons_never(self, banked: World) -> None:
        made = self.add(banked).json()
        problem(banked.bolas_api.get(f"{BANK_ACCOUNTS}/{made['id']}"), 404, "not_found")
        problem(banked.bolas_api.delete(f"{BANK_ACCOUNTS}/{made['id']}"), 404, "not_found")
        assert banked.api.delete(f"{BANK_ACCOUNTS}/{made['id']}").status_code == 204
        problem(banked.api.get(f"{BANK_ACCOUNTS}/{made['id']}"), 404, "not_found")

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"account_number": "123"}, "account_number_wrong"),
            ({"bank_code": "999"}, "bank_unknown"),
            ({"account_number": "0000000221"}, "account_not_resolved"),
        ],
    )
    def test_what_no_bank_knows_is_refused(self, banked: World, changes: dict[str, Any], code: str) -> None:
        problem(self.add(banked, **changes), 422, code)

    def test_a_bank_that_does_not_answer_can_be_asked_again_by_the_same_key(self, banked: World) -> None:
        fault("HTML_503", endpoint="resolve", remaining=3)
        problem(self.add(banked), 503, "gateway_unavailable")
        assert self.add(banked).status_code == 201

    def test_names_are_not_to_be_collected(self, banked: World) -> None:
        for number in range(15):
            self.add(banked, key=f"n{number}", account_number=f"000000{number:04}")
        problem(self.add(banked, key="last"), 429, "too_many_lookups")

    def test_an_organisation_has_none(self, banked: World) -> None:
        client = client_with_key()
        body = {"bank_code": "044", "account_number": "0000000220"}
        answer = client.post(BANK_ACCOUNTS, body, format="json", headers={"Idempotency-Key": "o"})
        problem(answer, 403, "customers_only")
        assert client.get(BANK_ACCOUNTS).json()["data"] == []

    def test_banks_are_listed(self, banked: World) -> None:
        assert banked.api.get("/api/v1/banks").json()["data"] == [
            {"object": "bank", "code": "044", "name": "Access Bank"}
        ]


class TestWithdrawals:
    def test_a_withdrawal_is_made_once_for_a_key_and_ordered(self, banked: World) -> None:
        bank = bank_account_of(banked.ada)
        made = post(banked, WITHDRAWALS, order(banked, bank, expected_fee=1_075))
        assert made.status_code == 201, made.content
        assert made.json()["fee_lines"] == [{"kind": "FEE", "amount": 1_000}, {"kind": "VAT", "amount": 75}]
        assert post(banked, WITHDRAWALS, order(banked, bank, expected_fee=1_075)).json() == made.json()
        with acting_as_service():
            payout = Payout.objects.get()
        assert len(at_sandbox(payout)) == 1
        got = banked.api.get(f"{WITHDRAWALS}/{made.json()['id']}").json()
        assert got["state"] in ("SENT", "SUCCEEDED") and got["reference"] == payout.reference
        listed = banked.api.get(WITHDRAWALS).json()["data"]
        assert [each["id"] for each in listed] == [got["id"]]
        problem(banked.bolas_api.get(f"{WITHDRAWALS}/{got['id']}"), 404, "not_found")

    def test_a_key_with_another_body_is_refused(self, banked: World) -> None:
        bank = bank_account_of(banked.ada)
        post(banked, WITHDRAWALS, order(banked, bank))
        problem(post(banked, WITHDRAWALS, order(banked, bank, amount=50_001)), 422, "idempotency_key_reused")

    @pytest.mark.parametrize(
        ("changes", "status", "code"),
        [
            ({"amount": 99_999}, 422, "insufficient_funds"),
            ({"amount": 9_999}, 422, "payout_too_small"),
            ({"expected_fee": 0}, 409, "fee_changed"),
            ({"currency": "USD"}, 422, "currency_mismatch"),
            ({"bank_account": "ban_0000000000000000000000"}, 404, "not_found"),
            ({"amount": 1.5}, 400, "invalid"),
            ({"more": 1}, 400, "invalid"),
        ],
    )
    def test_what_cannot_be_is_refused_and_nothing_is_set_aside(
        self, banked: World, changes: dict[str, Any], status: int, code: str
    ) -> None:
        bank = bank_account_of(banked.ada)
        answer = post(banked, WITHDRAWALS, order(banked, bank, **changes))
        assert answer.status_code == status and answer.json()["code"] == code, answer.content
        assert money(banked.purse) == (100_000, 0)

    def test_another_persons_bank_account_is_unknown(self, banked: World) -> None:
        theirs = bank_account_of(banked.bola)
        problem(post(banked, WITHDRAWALS, order(banked, theirs)), 404, "not_found")

    def test_a_person_proves_a_second_factor(self, banked: World) -> None:
        with acting_as_service():
            Session.objects.update(methods=[])
        problem(
            post(banked, WITHDRAWALS, order(banked, bank_account_of(banked.ada))), 403, "step_up_required"
        )


@pytest.mark.django_db
class TestScheduled:
    def plan(self, world: World, **changes: Any) -> HttpResponse:
        tomorrow = str(timezone.localdate() + timedelta(days=1))
        body = {"source": acc(world.purse), "recipient": "bola_ade", "amount": 2_500, "currency": "NGN"}
        return post(world, SCHEDULED, {**body, "rhythm": "WEEKLY", "first_date": tomorrow, **changes})

    def test_a_plan_is_made_once_paused_resumed_skipped_and_ended(self, world: World) -> None:
        made = self.plan(world).json()
        assert (made["name"], made["state"], made["rhythm"]) == ("Bola Ade", "ACTIVE", "WEEKLY")
        assert self.plan(world).json() == made
        one = f"{SCHEDULED}/{made['id']}"
        states = [world.api.post(f"{one}/{word}").json()["state"] for word in ("pause", "resume", "skip")]
        assert states == ["PAUSED", "ACTIVE", "ACTIVE"]
        (run,) = world.api.get(f"{one}/runs").json()["data"]
        assert (run["state"], run["due_date"]) == ("SKIPPED", made["first_date"])
        assert world.api.delete(one).json()["state"] == "CANCELLED"
        problem(world.api.post(f"{one}/resume"), 409, "schedule_over")
        problem(world.bolas_api.get(one), 404, "not_found")
        with acting_as_service():
            assert ScheduledTransfer.objects.count() == 1

    def test_to_a_bank_account_of_ones_own(self, world: World) -> None:
        install_sandbox()
        bank = bank_account_of(world.ada)
        made = self.plan(world, recipient=None, bank_account=ban(bank))
        assert made.status_code == 400
        body = self.plan(world).json()
        assert body["bank_account"] is None

    @pytest.mark.parametrize(
        ("changes", "status", "code"),
        [
            ({"first_date": "2020-01-01"}, 422, "schedule_invalid"),
            ({"rhythm": "HOURLY"}, 400, "invalid"),
            ({"recipient": "nobody_here"}, 404, "recipient_not_found"),
            ({"recipient": "ada_obi"}, 422, "same_account"),
        ],
    )
    def test_what_makes_no_sense_is_refused(
        self, world: World, changes: dict[str, Any], status: int, code: str
    ) -> None:
        answer = self.plan(world, **changes)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
