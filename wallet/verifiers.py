"""Paystack as a verifier of what customers declare: `settings.KYC_VERIFIERS` names it to the floor below."""

from collections.abc import Mapping
from datetime import datetime
from typing import cast

from accounts.kyc.verification import Declared, Finding, Outcome, compare_names, undecided
from accounts.services.kyc import checks
from core.actors import acting_as_service
from core.outbound import require_no_transaction
from wallet.gateways import paystack_identity as identity
from wallet.gateways.base import GatewayError, GatewayRefused, GatewayUnavailable
from wallet.gateways.capabilities import AccountNotResolved
from wallet.gateways.paystack import Paystack as Adapter
from wallet.models import PaymentGateway
from wallet.services.gateways import adapter_of

SOURCE = "paystack"
# A masked number shows its last digits.
_SHOWN = 3


class Paystack:
    """Asks the first active gateway of this kind. Whatever goes wrong on the way is "cannot decide yet"."""

    def check_bank_account(self, declared: Declared) -> Finding:
        try:
            found = _adapter().resolve_account(
                account_number=declared.account_number, bank_code=declared.bank_code
            )
        except AccountNotResolved:
            return Finding(Outcome.MISMATCH, SOURCE, facts={"reason": "account_unknown"})
        except GatewayError as error:
            return _cannot_tell(error)
        return compare_names(declared=declared.name, found=found, source=SOURCE, bank_code=declared.bank_code)

    def check_number(self, declared: Declared) -> Finding:
        """Ask about a BVN; Paystack wants a bank account of the same person with it."""
        if not declared.account_number:
            return undecided(SOURCE, "needs_bank_account")
        try:
            adapter = _adapter()
            code = adapter.make_customer(
                email=declared.email,
                first_name=declared.first_name,
                last_name=declared.last_name,
            )
            identity.ask_identification(
                adapter,
                code=code,
                bvn=declared.number,
                account_number=declared.account_number,
                bank_code=declared.bank_code,
                first_name=declared.first_name,
                last_name=declared.last_name,
            )
        except GatewayError as error:
            return _cannot_tell(error)
        about = _about(declared.number, declared.account_number, declared.bank_code)
        return Finding(Outcome.PENDING, SOURCE, facts={"about": about}, reference=code)


def take_answer(*, raw: bytes, at: datetime) -> None:
    """Take what a genuine webhook says of a BVN that we asked about. Raises UnreadableNotice, QuestionUnknown."""
    said = identity.read_answer(raw)
    checks.answer(
        source=SOURCE,
        reference=said.customer_code,
        outcome=Outcome.MATCH if said.confirmed else Outcome.MISMATCH,
        about=_about(said.bvn, said.account_number, said.bank_code),
        facts={"reason": said.reason} if said.reason else {},
        at=at,
    )


def _about(bvn: str, account_number: str, bank_code: str) -> Mapping[str, str]:
    """As much of a question as its answer shows of it too, masked or not."""
    found = {"bvn": bvn[-_SHOWN:], "account": account_number[-_SHOWN:], "bank": bank_code}
    return {name: value for name, value in found.items() if value.isascii() and value.isdecimal()}


def _adapter() -> Adapter:
    """Raises GatewayUnavailable where no gateway is there to ask."""
    require_no_transaction()
    with acting_as_service():
        rows = PaymentGateway.objects.filter(kind=PaymentGateway.Kind.PAYSTACK, active=True)
        gateway = rows.order_by("priority", "code").first()
    if gateway is None:
        raise GatewayUnavailable(reason="no_gateway")
    return cast(Adapter, adapter_of(gateway))


def _cannot_tell(error: GatewayError) -> Finding:
    """A refusal may be our own mistake as well as a fault of theirs: neither says anything about the person."""
    if isinstance(error, GatewayRefused):
        status = error.data.get("status")
        return undecided(SOURCE, "refused", again=status in (401, 403), status=status)
    return undecided(SOURCE, error.code, again=True, detail=str(error.data.get("reason", ""))[:100])
