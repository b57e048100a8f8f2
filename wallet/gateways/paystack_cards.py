"""Cards that were saved at Paystack: charging one again, and what is known of one."""

from typing import Any

from wallet.gateways.base import (
    Charge,
    ChargeNotFound,
    DuplicateReference,
    GatewayRefused,
    GatewayUnavailable,
    GatewayUnreadable,
)
from wallet.gateways.capabilities import Authorization
from wallet.gateways.paystack_charges import REFERENCE, Charges, read_charge
from wallet.gateways.replies import Unreadable


class Cards(Charges):
    """Saved cards."""

    def charge_card(
        self,
        *,
        reference: str,
        amount: int,
        currency: str,
        email: str,
        authorization: str,
        metadata: dict[str, Any],
    ) -> Charge:
        """Charge a saved card, `email` being that of the first payment; a repeat tells what became of the first.

        What comes back may be PENDING. Raises GatewayRefused for what was surely not charged, GatewayUnavailable for
        what may have been: ask by `find_charge`.
        """
        if not REFERENCE.fullmatch(reference):
            raise GatewayRefused(reason="invalid_reference", status=None, said="")
        body = {
            "reference": reference,
            "amount": amount,
            "currency": currency,
            "email": email,
            "authorization_code": authorization,
            "metadata": metadata,
        }
        try:
            data = self.call("POST", "/transaction/charge_authorization", body)
        except GatewayRefused as refusal:
            return self._charged_after(refusal, reference)
        try:
            return read_charge(data, reference=reference)
        except Unreadable as error:
            raise GatewayUnreadable(field=str(error)) from error

    def authorization_of(self, charge: Charge) -> Authorization | None:
        """Return the card that paid, where it may be charged again."""
        said, customer = charge.raw.get("authorization"), charge.raw.get("customer")
        if not isinstance(said, dict) or not isinstance(customer, dict) or said.get("reusable") is not True:
            return None
        code, email = said.get("authorization_code"), customer.get("email")
        month, year = _number(said.get("exp_month")), _number(said.get("exp_year"))
        if not isinstance(code, str) or not code or not isinstance(email, str) or not month or not year:
            return None
        return Authorization(
            code=code[:200],
            email=email[:254],
            brand=_words(said.get("brand") or said.get("card_type")),
            last4=_words(said.get("last4"))[-4:],
            bank=_words(said.get("bank")),
            expires_month=month,
            expires_year=year,
            reusable=True,
            signature=_words(said.get("signature")),
        )

    def _charged_after(self, refusal: GatewayRefused, reference: str) -> Charge:
        """What is known of a charge that was refused, for it may be a repeat. Raises the refusal when nothing is."""
        try:
            return self.find_charge(reference=reference)
        except ChargeNotFound as nothing:
            if isinstance(refusal, DuplicateReference):
                raise GatewayUnavailable(reason="contradiction") from nothing
            raise refusal from nothing
        except GatewayRefused as error:
            raise GatewayUnavailable(reason="not_verified", said=refusal.data.get("said")) from error


def _number(value: object) -> int:
    """A month or a year, sent as a number or as digits; 0 for anything else."""
    said = str(value)
    return int(said) if said.isascii() and said.isdecimal() and len(said) <= 4 else 0


def _words(value: object) -> str:
    return value.strip()[:100] if isinstance(value, str) else ""
