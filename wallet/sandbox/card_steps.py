"""What a bank asks for before a card pays: PIN, phone number, one-time code, its own page."""

import re
from datetime import datetime

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError
from wallet.sandbox import services
from wallet.sandbox.cards import BANK, CARDS, OTP, PHONE, PIN, TestCard
from wallet.sandbox.models import SandboxCharge

ASKED: dict[str, str | Promise] = {
    PIN: _("Card PIN"),
    PHONE: _("Phone number known to the bank"),
    OTP: _("Code the bank sent"),
    BANK: _("Your bank wants to know that it is you"),
}


class StepRefused(DomainError):
    code = "step_refused"
    message = _("The bank does not accept this. What it wants is said above.")


@transaction.atomic
def begin(*, access_code: str, card: TestCard, expiry: tuple[int, int], at: datetime) -> SandboxCharge:
    """Start to pay by a card: one of which nothing is asked pays at once. Raises `SandboxCharge.DoesNotExist`."""
    if not card.steps:
        return services.pay(access_code=access_code, card=card, expiry=expiry, at=at)
    charge = SandboxCharge.objects.select_for_update().get(access_code=access_code)
    if not charge.is_paid and charge.customer:
        charge.card, charge.steps = services.card_of(charge.customer, card, expiry), list(card.steps)
        charge.save(update_fields=["card", "steps"])
    return charge


@transaction.atomic
def answer(*, access_code: str, said: str, at: datetime) -> SandboxCharge:
    """Take the answer to what is asked now; after the last one the card pays. Raises StepRefused."""
    charge = SandboxCharge.objects.select_for_update().get(access_code=access_code)
    if charge.is_paid or not charge.steps or charge.card is None:
        return charge
    card = CARDS[charge.card.number]
    if not _is_right(card, charge.steps[0], said.replace(" ", "")):
        raise StepRefused
    charge.steps = charge.steps[1:]
    charge.save(update_fields=["steps"])
    if charge.steps:
        return charge
    expiry = charge.card.expires_month, charge.card.expires_year
    return services.pay(access_code=access_code, card=card, expiry=expiry, at=at)


def leave(*, access_code: str) -> None:
    """Go back to choosing a card."""
    SandboxCharge.objects.filter(access_code=access_code).update(steps=[])


def _is_right(card: TestCard, step: str, said: str) -> bool:
    if step == PHONE:
        return re.fullmatch(r"\+?[0-9]{10,14}", said, re.ASCII) is not None
    return {PIN: card.pin, OTP: card.otp, BANK: "yes"}[step] == said
