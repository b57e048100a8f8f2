"""Charges without Paystack's page: by a bank account, a saved card or a phone, in steps; or by a transfer."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from core.errors import DomainError
from wallet.sandbox import card_steps, faults, saved_cards, services
from wallet.sandbox.announcing import announce
from wallet.sandbox.cards import BANK, CARDS, OTP, PHONE, PIN
from wallet.sandbox.codes import FIRST_ID
from wallet.sandbox.faults import Kind
from wallet.sandbox.models import SandboxCard, SandboxCharge

BIRTHDAY, TRANSFER, USSD = "BIRTHDAY", "TRANSFER", "USSD"
# What is waited for, in the words of the answer.
STATUS = {
    PIN: "send_pin",
    OTP: "send_otp",
    PHONE: "send_phone",
    BIRTHDAY: "send_birthday",
    BANK: "open_url",
    USSD: "pay_offline",
    TRANSFER: "pending_bank_transfer",
}
# The one bank account of test mode, whose it is, and what it asks for.
TEST_ACCOUNT, BORN, CODE = ("057", "0000000000"), "2007-04-15", "123456"
USSD_BANKS = ("737", "919", "822", "966")


class NotWaitedFor(DomainError):
    code = "invalid_params"
    kind = "conflict"
    message = "Charge attempt cannot be continued with this"


class BankUnknown(DomainError):
    code = "invalid_params"
    message = "Account number is invalid"


@dataclass(frozen=True)
class Way:
    """How a charge is to be paid: one of these is given."""

    channel: str
    bank: tuple[str, str] = ("", "")
    birthday: str = ""
    authorization: str = ""
    pin: str = ""
    ussd: str = ""
    expires: str = ""


@transaction.atomic
def begin(*, way: Way, email: str, at: datetime, **facts: Any) -> SandboxCharge:
    """Open a charge and take its first step; what nothing is asked for pays at once.

    Raises BankUnknown, CardUnknown, EmailDiffers, ReferenceTaken.
    """
    if way.channel == "bank" and way.bank != TEST_ACCOUNT:
        raise BankUnknown
    card = saved_cards.card_of(authorization=way.authorization, email=email) if way.authorization else None
    charge = services.open_charge(email=email, channel=way.channel, card=card, at=at, **facts)
    charge.steps = _steps(way, card)
    if way.channel == "bank_transfer":
        charge.sender = {"receiver": f"1{secrets.randbelow(10**9):09d}", "expires": way.expires}
    charge.save(update_fields=["steps", "sender"])
    if card and way.pin:
        return answer(reference=charge.reference, step=PIN, said=way.pin, at=at)
    return charge if charge.steps else _paid(charge, at=at)


def _steps(way: Way, card: SandboxCard | None) -> list[str]:
    if card:
        return list(CARDS[card.number].steps)
    if way.channel == "bank":
        return [OTP] if way.birthday == BORN else [BIRTHDAY, OTP]
    return [USSD if way.channel == "ussd" else TRANSFER]


@transaction.atomic
def answer(*, reference: str, step: str, said: str, at: datetime) -> SandboxCharge:
    """Take the answer to what a charge waits for. Raises NotWaitedFor, card_steps.StepRefused."""
    charge = SandboxCharge.objects.select_for_update().filter(reference=reference).first()
    if charge is None or charge.is_paid or charge.steps[:1] != [step]:
        raise NotWaitedFor
    if charge.card:
        return card_steps.answer(access_code=charge.access_code, said=said, at=at)
    if said != {BIRTHDAY: BORN, OTP: CODE}.get(step):
        raise card_steps.StepRefused
    charge.steps = charge.steps[1:]
    charge.save(update_fields=["steps"])
    return charge if charge.steps else _paid(charge, at=at)


@transaction.atomic
def dial(*, charge_id: int, at: datetime) -> SandboxCharge:
    """The customer dials the code they were given. Raises NotWaitedFor."""
    charge = SandboxCharge.objects.select_for_update().get(pk=charge_id)
    if charge.is_paid or charge.steps != [USSD]:
        raise NotWaitedFor
    return _paid(charge, at=at)


def waiting_for(number: str) -> SandboxCharge | None:
    """The charge that a transfer to this number pays."""
    waiting = SandboxCharge.objects.select_for_update().filter(steps=[TRANSFER], sender__receiver=number)
    return waiting.first()


def take_transfer(
    charge: SandboxCharge, *, amount: int, sender: dict[str, str], at: datetime
) -> SandboxCharge:
    """A transfer of just the amount pays a charge; any other goes back to its bank, and is told of."""
    if amount != charge.amount:
        reject(amount=amount, customer=_customer(charge), at=at)
        return charge
    charge.sender = {**charge.sender, **sender, "receiver_bank": "Test Bank"}
    return _paid(charge, at=at)


def reject(*, amount: int, customer: dict[str, Any], at: datetime) -> None:
    """Tell that a transfer was sent back: no money came."""
    data = {
        "bank_transfer": {
            "amount": str(amount),
            "message": "The transfer was rejected because of an incorrect amount",
            "message_type": "INCORRECT_AMOUNT",
            "transaction_id": f"{secrets.randbelow(10**12):012d}",
        },
        "customer": customer,
    }
    announce(event="bank.transfer.rejected", data=data, about=str(customer["customer_code"]), at=at)


def _customer(charge: SandboxCharge) -> dict[str, Any]:
    customer = charge.customer
    return {
        "id": FIRST_ID + (customer.pk if customer else 0),
        "email": charge.email,
        "customer_code": customer.code if customer else None,
    }


def _paid(charge: SandboxCharge, *, at: datetime) -> SandboxCharge:
    charge.steps, charge.gateway_response = [], "Approved"
    if charge.card and Kind.CARD_DECLINED in faults.take(faults.ON_SAVED_CARD, reference=charge.reference):
        charge.gateway_response = "Declined"
        return services.decline(charge)
    return services.succeed(charge, fee=services.card_fee, at=at)
