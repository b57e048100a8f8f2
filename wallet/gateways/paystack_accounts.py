"""Account numbers of customers at Paystack: money sent there is for that one customer.

Such a deposit comes as a `charge.success` whose reference we never made and whose `authorization.channel` is
`dedicated_nuban`.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any
from urllib.parse import quote, urlencode

from wallet.gateways.base import GatewayRefused, GatewayUnavailable, GatewayUnreadable
from wallet.gateways.capabilities import VirtualAccount
from wallet.gateways.paystack_http import Caller
from wallet.gateways.replies import Unreadable, identifier, text

# The bank that keeps new accounts, in test mode the vendor's own.
BANK, TEST_BANK = "titan-paystack", "test-bank"
# Paystack does not tell the codes of the banks that keep such accounts.
_BANK_CODES = {"titan-paystack": "100039", "wema-bank": "035"}


class Accounts(Caller):
    """Customers and their account numbers."""

    def make_customer(self, *, email: str, first_name: str, last_name: str, phone: str = "") -> str:
        """Make somebody known to Paystack, and return their code; the same address gives the same.

        Raises GatewayRefused, GatewayUnavailable.
        """
        return self._customer(email, first_name, last_name, phone)[0]

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

        Paystack asks for no `reference`, `bvn`, `birth_date` or `address` here. Raises GatewayRefused,
        GatewayUnavailable.
        """
        code, gateway_id = self._customer(email, first_name, last_name, phone)
        found = self._open_accounts(code, gateway_id)
        if found:
            return found[0]
        body = {"customer": code, "preferred_bank": TEST_BANK if self.is_test else BANK}
        try:
            # Once only: a repeat after a lost answer could open a second account.
            return _account(self.call("POST", "/dedicated_account", body, once=True))
        except GatewayUnavailable:
            found = self._open_accounts(code, gateway_id)
            if not found:
                raise
            return found[0]

    def assign_virtual_account(
        self,
        *,
        email: str,
        first_name: str,
        last_name: str,
        phone: str,
        account_number: str = "",
        bvn: str = "",
        bank_code: str = "",
    ) -> None:
        """Ask for a customer with an account in one go, identified by BVN where that is given.

        Told by `dedicatedaccount.assign.success` or `.failed`. Raises GatewayRefused, GatewayUnavailable.
        """
        body = {
            "email": email,
            "first_name": first_name,
            "last_name": last_name,
            "phone": phone,
            "preferred_bank": TEST_BANK if self.is_test else BANK,
            "country": "NG",
        }
        given = {"account_number": account_number, "bvn": bvn, "bank_code": bank_code}
        body |= {name: value for name, value in given.items() if value}
        self.call("POST", "/dedicated_account/assign", body, has_data=False)

    def virtual_accounts(self) -> Sequence[VirtualAccount]:
        """Return every account number that was given out. Raises GatewayRefused, GatewayUnavailable."""
        return [_account(row) for rows in self.pages("/dedicated_account") for row in rows]

    def close_virtual_account(self, *, gateway_id: str) -> None:
        """Give an account number up; one that is gone already is as well. Raises GatewayRefused, GatewayUnavailable."""
        try:
            self.call("DELETE", f"/dedicated_account/{quote(gateway_id, safe='')}", has_data=False)
        except GatewayRefused as refusal:
            if refusal.data.get("status") != 404:
                raise

    def look_for_deposits(self, *, account_number: str, provider: str, on: date) -> None:
        """Have Paystack look for deposits of a day that it has not told of, at most once in ten minutes.

        What it finds comes as a webhook. Raises GatewayRefused, GatewayUnavailable.
        """
        query = {"account_number": account_number, "provider_slug": provider, "date": on.isoformat()}
        self.call("GET", f"/dedicated_account/requery?{urlencode(query)}", has_data=False)

    def account_providers(self) -> Sequence[str]:
        """Return the banks that could keep accounts, by their slugs. Raises GatewayRefused, GatewayUnavailable."""
        rows = self.call_for_list("GET", "/dedicated_account/available_providers")
        return [slug for row in rows if isinstance(slug := row.get("provider_slug"), str) and slug]

    def _customer(self, email: str, first_name: str, last_name: str, phone: str) -> tuple[str, str]:
        body = {"email": email, "first_name": first_name, "last_name": last_name}
        data = self.call("POST", "/customer", body | ({"phone": phone} if phone else {}))
        try:
            code, gateway_id = text(data, "customer_code")[:100], identifier(data, "id")
            if not gateway_id:
                raise Unreadable("id")  # without it a list of accounts is everybody's
            return code, gateway_id
        except Unreadable as error:
            raise GatewayUnreadable(field=str(error)) from error

    def _open_accounts(self, code: str, gateway_id: str) -> list[VirtualAccount]:
        """The customer's own that are open, the oldest first: no list is trusted to have kept to its filter."""
        rows = [
            row
            for page in self.pages("/dedicated_account", customer=gateway_id, active="true")
            for row in page
            if isinstance(row.get("customer"), dict) and row["customer"].get("customer_code") == code
        ]
        accounts = [account for account in map(_account, rows) if account.active]
        return sorted(accounts, key=lambda account: (len(account.gateway_id), account.gateway_id))


def _account(data: dict[str, Any]) -> VirtualAccount:
    """Raises GatewayUnreadable."""
    bank, customer = data.get("bank"), data.get("customer")
    bank, customer = (each if isinstance(each, dict) else {} for each in (bank, customer))
    try:
        provider = identifier(bank, "slug")
        return VirtualAccount(
            account_number=text(data, "account_number")[:20],
            account_name=text(data, "account_name")[:200],
            bank_name=text(bank, "name")[:100],
            bank_code=_BANK_CODES.get(provider, ""),
            provider=provider,
            gateway_id=identifier(data, "id"),
            customer_code=identifier(customer, "customer_code"),
            active=data.get("active") is not False and data.get("assigned") is not False,
        )
    except Unreadable as error:
        raise GatewayUnreadable(field=str(error)) from error
