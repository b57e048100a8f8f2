"""Account numbers of customers at Xpress Wallet: each is of a wallet of the customer's own, within our account there.

What comes in stands in that wallet, and is ours to keep for them as what stands in the merchant's own.
"""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from wallet.gateways.base import GatewayRefused, GatewayUnavailable, GatewayUnreadable
from wallet.gateways.capabilities import VirtualAccount
from wallet.gateways.replies import Unreadable, identifier, text
from wallet.gateways.xpress_wallet_http import Caller, inside

PROVIDER = "providus"
_CLOSED = ("CLOSED", "FROZEN", "INACTIVE", "DISABLED")


class Accounts(Caller):
    """Account numbers."""

    def open_virtual_account(
        self,
        *,
        reference: str,
        email: str,
        first_name: str,
        last_name: str,
        phone: str,
        bvn: str,
        birth_date: date | None = None,
        address: str = "",
    ) -> VirtualAccount:
        """Return the customer's account, opened when there is none: a repeat gives the same.

        It is known by the customer's phone. Raises GatewayRefused, GatewayUnavailable.
        """
        found = self._of_phone(phone, email)
        if found is not None:
            return found
        if birth_date is None or not bvn:
            raise GatewayRefused(
                reason="date_of_birth_missing", status=None, said="The date of birth is missing."
            )
        body = {
            "bvn": bvn,
            "firstName": first_name,
            "lastName": last_name,
            "dateOfBirth": birth_date.isoformat(),
            "phoneNumber": phone,
            "email": email,
            "address": address,
            "metadata": {"account": reference},
        }
        try:
            answer = self.order("/wallet", body)
        except GatewayUnavailable:
            found = self._of_phone(phone, email)
            if found is None:
                raise
            return found
        customer = inside(answer, "customer")
        return _account(inside(answer, "wallet"), _id(customer))

    def close_virtual_account(self, *, gateway_id: str) -> None:
        """Freeze a customer's wallet; one that is gone is so already. Raises GatewayRefused, GatewayUnavailable."""
        try:
            self.order("/wallet/close", {"customerId": gateway_id})
        except GatewayRefused as refusal:
            if refusal.data.get("status") != 404:
                raise

    def _of_phone(self, phone: str, email: str) -> VirtualAccount | None:
        """The wallet of the customer who has this phone, None where there is none.

        Raises GatewayRefused where the phone is another's, and GatewayUnavailable.
        """
        try:
            customer = inside(
                self.read(f"/customer/phone?{urlencode({'phoneNumber': phone})}"), "customer", "data"
            )
        except GatewayRefused as refusal:
            if refusal.data.get("status") != 404:
                raise
            return None
        if str(customer.get("email") or "").lower() != email.lower():
            raise GatewayRefused(
                reason="phone_taken", status=None, said="The phone number belongs to somebody else."
            )
        code = _id(customer)
        answer = self.read(f"/wallet/customer?{urlencode({'customerId': code})}")
        return _account(inside(answer, "wallet", "data"), code)


def _id(customer: dict[str, Any]) -> str:
    code = identifier(customer, "id")
    if not code:
        raise GatewayUnreadable(field="id")
    return code


def _account(wallet: dict[str, Any], customer: str) -> VirtualAccount:
    """Raises GatewayUnreadable."""
    try:
        return VirtualAccount(
            account_number=text(wallet, "accountNumber")[:20],
            account_name=text(wallet, "accountName")[:200],
            bank_name=text(wallet, "bankName")[:100],
            bank_code=identifier(wallet, "bankCode"),
            provider=PROVIDER,
            gateway_id=customer,
            customer_code=customer,
            active=str(wallet.get("status")).upper() not in _CLOSED,
        )
    except Unreadable as error:
        raise GatewayUnreadable(field=str(error)) from error
