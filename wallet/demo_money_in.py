"""The demo world's other ways in and back: a kept card, an account number, money disputed, paid back, or nobody's.

The gateway's sandbox is told the same story, so that the card can be charged and money sent to the number. Development
only.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from accounts.models import User
from core.actors import acting_as_service
from wallet.gateways.base import Charge
from wallet.gateways.capabilities import Authorization
from wallet.gateways.capabilities import Dispute as SaidOfDispute
from wallet.gateways.capabilities import Refund as SaidOfRefund
from wallet.models import Account, DedicatedAccount, Payment, PaymentGateway, Refund
from wallet.sandbox.cards import GOOD_CARD
from wallet.sandbox.models import SandboxAccount, SandboxCard, SandboxCustomer
from wallet.services import disputes, refunds, saved_cards, unasked_deposits
from wallet.services.refund_outcomes import settle_refund

NAIRA = 100
NUMBER, BANK, PROVIDER = "9012345674", "Test Bank", "test-bank"
CODE, AUTHORIZATION = "CUS_demo0ada0obi00", "AUTH_demo0ada0"


def write(*, people: Mapping[str, User], at: datetime) -> None:
    """Write it once, over the deposits that are there; ada and bola are among the people."""
    ada, bola = people["ada@alajo.test"], people["bola@alajo.test"]
    with acting_as_service():
        gateway = PaymentGateway.objects.get(code="paystack")
        _card_and_number(ada, gateway, at)
        of_bola = list(Payment.objects.filter(account__owner=bola).order_by("-settled_at"))
        _paid_back(of_bola[0], at)
        _disputed(of_bola[1], gateway, at)
        _nobodys(gateway, at)


def _card_and_number(ada: User, gateway: PaymentGateway, at: datetime) -> None:
    person = SandboxCustomer.objects.create(
        code=CODE, email=ada.email, first_name="Ada", last_name="Obi", created_at=at
    )
    SandboxCard.objects.create(
        customer=person,
        number=GOOD_CARD.number,
        code=AUTHORIZATION,
        signature="SIG_demo0ada0",
        expires_month=12,
        expires_year=at.year + 4,
        reusable=True,
    )
    given = SandboxAccount.objects.create(
        customer=person, number=NUMBER, name="ALAJO/ADA OBI", provider=PROVIDER, created_at=at
    )
    found = Authorization(
        code=AUTHORIZATION,
        email=ada.email,
        brand="visa",
        last4=GOOD_CARD.number[-4:],
        bank=BANK,
        expires_month=12,
        expires_year=at.year + 4,
        reusable=True,
        signature="SIG_demo0ada0",
    )
    payment = Payment.objects.select_related("gateway").filter(account__owner=ada).latest("settled_at")
    saved_cards.store_card(payment=payment, user=ada, found=found, at=at)
    DedicatedAccount.objects.create(
        owner=ada,
        account=Account.objects.get(owner=ada, kind=Account.Kind.WALLET),
        gateway=gateway,
        state=DedicatedAccount.State.ACTIVE,
        account_number=given.number,
        account_name=given.name,
        bank_name=BANK,
        provider=PROVIDER,
        gateway_account=str(given.pk),
        customer_code=CODE,
        requested_at=at - timedelta(days=20),
        opened_at=at - timedelta(days=20),
    )


def _paid_back(payment: Payment, at: datetime) -> None:
    refund = refunds.request_refund(
        payment=payment, amount=2_000 * NAIRA, reason="added twice", note="Added twice", at=at
    )
    Refund.objects.filter(pk=refund.pk).update(ordered_at=at)
    settle_refund(
        refund_id=refund.pk,
        said=SaidOfRefund("demo-refund", payment.reference, "SUCCEEDED", refund.amount, "NGN", None, {}),
        at=at,
    )


def _disputed(payment: Payment, gateway: PaymentGateway, at: datetime) -> None:
    said = SaidOfDispute(
        "demo-dispute", payment.reference, "OPEN", 1_500 * NAIRA, "NGN", "fraud", at + timedelta(days=2), {}
    )
    disputes.record_dispute(gateway=gateway, said=said, at=at)


def _nobodys(gateway: PaymentGateway, at: datetime) -> None:
    """Money sent to a number that is nobody's: in suspense, with a case."""
    amount, fee = 7_500 * NAIRA, 75 * NAIRA
    sender = {
        "channel": unasked_deposits.OWN_NUMBER,
        "sender_name": "EZE CHIDI",
        "sender_bank": "Guaranty Trust Bank",
        "sender_bank_account_number": "XXXXXX7896",
        "receiver_bank_account_number": "9999999999",
        "narration": "for mama",
    }
    raw = {"authorization": sender, "customer": {"customer_code": "CUS_demo0stranger"}}
    charge = Charge(
        "demo-0000-nobodys",
        "SUCCEEDED",
        amount,
        amount,
        fee,
        "NGN",
        at,
        unasked_deposits.OWN_NUMBER,
        "0",
        raw,
    )
    unasked_deposits.take_in(gateway=gateway, charge=charge, at=at)
