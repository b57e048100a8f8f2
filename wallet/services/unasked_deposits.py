"""Money that came in under a reference we never made: into a customer's account number, or from nobody we know.

It is credited once, by the reference that the gateway made for it. Whose it is, the receiving account number says, or
failing that the gateway's name of the customer; where they do not agree, or say nothing, a person must find out.
"""

from datetime import datetime, timedelta
from typing import Any

from accounts import audit
from accounts import services as accounts
from accounts.models import Notification
from core.actors import acting_as_service
from core.ids import posting_id as new_posting_id
from core.outbound import require_no_transaction
from wallet.gateways.base import Charge, ChargeNotFound
from wallet.gateways.capabilities import ListsDeposits
from wallet.models import (
    Account,
    Case,
    DedicatedAccount,
    Payment,
    PaymentGateway,
    SuspendedDeposit,
    WebhookEvent,
)
from wallet.services.accounts import system_account
from wallet.services.gateway_events import UNASKED_DEPOSIT, NothingToDo, NotSettledYet, on
from wallet.services.gateways import adapter_of, clearing_of
from wallet.services.posting import Line, post
from wallet.services.rounding import rounding_lines
from wallet.services.settlement import FEES, SETTLED, settle
from wallet.services.suspense import SUSPENSE, sender_of, suspend

OWN_NUMBER = "dedicated_nuban"
# How far back a gateway's list is read each time.
LOOKED_BACK = timedelta(days=3)


@on(UNASKED_DEPOSIT)
def take_unasked(gateway: PaymentGateway, event: WebhookEvent, data: dict[str, Any], at: datetime) -> None:
    """Ask what a gateway says came in, and credit it to whose it is, or keep it in suspense with a case.

    Raises NotSettledYet, GatewayRefused, GatewayUnavailable.
    """
    require_no_transaction()
    try:
        charge = adapter_of(gateway).find_charge(reference=event.reference)
    except ChargeNotFound as error:
        raise NotSettledYet from error
    if charge.state == "REVERSED":
        raise NothingToDo
    if charge.state != "SUCCEEDED":
        raise NotSettledYet
    take_in(gateway=gateway, charge=charge, at=at)


def look_for_deposits(*, gateway: PaymentGateway, at: datetime) -> int:
    """Take in what came into account numbers of late and was not told of; return how many there were. Calls outside.

    Raises GatewayRefused, GatewayUnavailable.
    """
    require_no_transaction()
    adapter = adapter_of(gateway)
    if not isinstance(adapter, ListsDeposits):
        return 0
    came = [charge for charge in adapter.deposits(since=at - LOOKED_BACK) if charge.state == "SUCCEEDED"]
    references = [charge.reference for charge in came]
    with acting_as_service():
        known: set[str] = set()
        for model in (Payment, SuspendedDeposit):
            rows = model._default_manager.filter(gateway=gateway, reference__in=references)
            known.update(rows.values_list("reference", flat=True))
    fresh = [charge for charge in came if charge.reference not in known]
    for charge in fresh:
        take_in(gateway=gateway, charge=charge, at=at)
    return len(fresh)


def take_in(*, gateway: PaymentGateway, charge: Charge, at: datetime) -> Payment | SuspendedDeposit:
    """Book a charge that succeeded and that nobody of ours had asked for; a repeat returns what it became."""
    with acting_as_service():
        # One at a time for each gateway's row is enough: such money is rare, and whoever comes second finds the first.
        gateway = PaymentGateway.objects.select_for_update(no_key=True).get(pk=gateway.pk)
        payment = Payment.objects.filter(gateway=gateway, reference=charge.reference).first()
        if payment is None:
            kept = SuspendedDeposit.objects.filter(gateway=gateway, reference=charge.reference).first()
            if kept is not None:
                return kept
            receiver = _receiver(gateway, charge)
            if receiver is None:
                return _suspend(gateway, charge, at=at)
            payment = Payment.objects.create(
                account=receiver.account,
                gateway=gateway,
                reference=charge.reference,
                amount=charge.requested_amount or charge.amount,
                currency_id=receiver.account.currency_id,
                method=Payment.Method.TRANSFER,
                state=Payment.State.PENDING,
                expires_at=at,
            )
            audit.record(action="wallet.deposit.arrived", target=payment, amount=payment.amount)
        if payment.state in SETTLED:
            return payment
        return settle(payment_id=payment.pk, charge=charge, at=at)


def _receiver(gateway: PaymentGateway, charge: Charge) -> DedicatedAccount | None:
    """Whose account number it came into; None when nobody's, when two are named, or when there is nothing to credit."""
    if charge.amount <= 0 or charge.requested_amount <= 0:
        return None
    told = sender_of(charge)
    active = DedicatedAccount.objects.filter(gateway=gateway, state=DedicatedAccount.State.ACTIVE)
    rows = active.select_related("account")
    number, code = told.get("receiver_bank_account_number", ""), told.get("customer_code", "")
    by_number = rows.filter(account_number=number).first() if number else None
    by_code = None
    if code and OWN_NUMBER in (charge.channel, told.get("channel")):
        by_code = rows.filter(customer_code=code).first()
    if by_number and code and by_number.customer_code not in ("", code):
        return None
    return by_number or by_code


def _suspend(gateway: PaymentGateway, charge: Charge, *, at: datetime) -> SuspendedDeposit:
    """Post it to suspense, if we keep its currency, with the fee the gateway kept, and leave it to staff."""
    posting = new_posting_id()
    currency_kept = Account.objects.filter(code=SUSPENSE, currency=charge.currency, owner=None).exists()
    is_posted = currency_kept and charge.amount > 0
    if is_posted:
        clearing = clearing_of(gateway, charge.currency)
        lines = [Line("DEPOSIT", clearing, system_account(SUSPENSE, charge.currency), charge.amount)]
        if charge.fee:
            lines.append(Line("GATEWAY_FEE", system_account(FEES, charge.currency), clearing, charge.fee))
        lines += rounding_lines(dust=charge.dust, clearing=clearing, currency=charge.currency)
        post(posting_id=posting, lines=lines, description=f"{gateway.pk} {charge.reference}"[:200])
    row = suspend(
        gateway=gateway,
        charge=charge,
        amount=charge.amount,
        why=Case.Kind.UNMAPPED_DEPOSIT,
        posting_id=posting,
        is_posted=is_posted,
        at=at,
    )
    facts = {
        "suspended": str(row.pk),
        "paid": charge.amount,
        "paid_currency": charge.currency,
        "fee": charge.fee,
        "gateway_id": charge.gateway_id,
        **row.sender,
    }
    case, is_new = Case.objects.get_or_create(
        kind=Case.Kind.UNMAPPED_DEPOSIT, reference=charge.reference, defaults={"data": facts}
    )
    if is_new:
        audit.record(action="wallet.case.opened", target=case, kind=case.kind, alarm=True)
    return row


@on("bank.transfer.rejected")
def note_rejected(gateway: PaymentGateway, event: WebhookEvent, data: dict[str, Any], at: datetime) -> None:
    """A bank turned a transfer back: no money came, and the customer whom it was for is told so.

    Raises NothingToDo where nobody of ours is meant.
    """
    payer = data.get("customer")
    code = payer.get("customer_code") if isinstance(payer, dict) else None
    with acting_as_service():
        rows = DedicatedAccount.objects.filter(gateway=gateway, customer_code=code) if code else None
        found = rows.order_by("-id").first() if rows is not None else None
        if found is None:
            raise NothingToDo
        facts = {"dedicated_account": str(found.pk)}
        audit.record(action="wallet.deposit.rejected", target=found, webhook=str(event.pk))
        accounts.notify(
            notices=[Notification(user_id=found.owner_id, event="deposit.turned_back", data=facts)]
        )
