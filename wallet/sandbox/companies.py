"""The companies that have a sandbox here: where each has its control page, and which misbehaviour it knows."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from wallet.sandbox import faults
from wallet.sandbox.faults import Kind
from wallet.sandbox.models import Fault

Endpoint = Fault.Endpoint


@dataclass(frozen=True)
class Company:
    """`app` is the namespace of its addresses; of its calls `endpoints` are the names."""

    name: str
    app: str
    kinds: Collection[str]
    endpoints: Collection[str]

    @property
    def page(self) -> str:
        return f"{self.app}:control"

    @property
    def clear(self) -> str:
        return f"{self.app}:clear_faults"

    @property
    def resend(self) -> str:
        return f"{self.app}:resend"

    def faults(self) -> QuerySet[Fault]:
        """Those that may strike here: its own, and those that strike whichever call comes first."""
        return Fault.objects.filter(Q(endpoint="") | Q(endpoint__in=self.endpoints), kind__in=self.kinds)


def _calls(prefix: str) -> list[str]:
    return [name for name in Endpoint.values if name.startswith(prefix)]


XPRESS_PAY = Company(
    "XpressPay",
    "sandbox_xpress_pay",
    (
        *faults.ON_CALL,
        *(Kind.WRONG_AMOUNT, Kind.UNDERPAID, Kind.WRONG_CURRENCY),
        *faults.ON_WEBHOOK,
        *faults.ON_DELIVERY,
    ),
    _calls("xpress_"),
)
XPRESS_WALLET = Company(
    "Xpress Wallet",
    "sandbox_xpress_wallet",
    (
        *faults.ON_CALL,
        *(Kind.TRANSFER_FAILS, Kind.TRANSFER_STAYS, Kind.TRANSFER_REVERSED, Kind.UNKNOWN_ACCOUNT),
        *(Kind.WRONG_AMOUNT, Kind.WRONG_CURRENCY, Kind.NULL_FEES, Kind.AMOUNT_AS_STRING),
        *faults.ON_WEBHOOK,
        *faults.ON_DELIVERY,
    ),
    _calls("wallet_"),
)
PAYSTACK = Company(
    "Paystack",
    "sandbox",
    Kind.values,
    [name for name in Endpoint.values if name not in ("", *XPRESS_PAY.endpoints, *XPRESS_WALLET.endpoints)],
)
