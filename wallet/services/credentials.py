"""What each kind of gateway needs to be spoken to: which credentials, by name, and what each looks like."""

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError
from wallet.models import PaymentGateway

_Kind = PaymentGateway.Kind
LONGEST = 4_000
_KEY = rf"[!-~]{{1,{LONGEST}}}"
# The door is the secret part of an address of ours: as long as a key, and fit for an address.
_DOOR = r"[A-Za-z0-9_-]{32,100}"

# A kind that is not here has no adapter yet, and cannot be installed.
FIELDS: dict[str, dict[str, str]] = {
    _Kind.PAYSTACK: {"secret_key": _KEY},
    _Kind.XPRESS_PAY: {"public_key": r"XPPUBK-[0-9A-Za-z]{32}-X", "door": _DOOR},
    _Kind.XPRESS_WALLET: {"secret_key": r"sk_(?:sandbox|live)_[!-~]{8,200}", "door": _DOOR},
}


class CredentialsUnfit(DomainError):
    """`data["field"]` names one of them that is wrong, where it is one."""

    code = "credentials_unfit"
    message = _(
        "Each of the gateway's credentials must be there, in one line, in the form in which the gateway gives it out."
    )


def names_of(kind: str) -> list[str]:
    """Return what credentials of this kind of gateway consist of, by name."""
    return sorted(FIELDS[kind])


def check(*, kind: str, credentials: Mapping[str, Any]) -> None:
    """Raises CredentialsUnfit for what this kind of gateway cannot be spoken to with."""
    if kind not in FIELDS:
        raise CredentialsUnfit(field="kind")
    if set(credentials) != set(names_of(kind)):
        raise CredentialsUnfit
    for name, form in FIELDS[kind].items():
        value = credentials[name]
        if not isinstance(value, str) or not re.fullmatch(form, value):
            raise CredentialsUnfit(field=name)
