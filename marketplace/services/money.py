"""What the ledger moves for an order: into escrow, on to the seller with our commission, or back to the buyer.

Amounts are minor units (kobo). Each posting's id is known before it moves, and `OrderMove` is written with it.
"""

from collections.abc import Iterable
from decimal import Decimal
from uuid import UUID

from core.ids import posting_id
from marketplace.models import Checkout, Order, OrderMove
from marketplace.order_refusals import RefundTooLarge
from marketplace.pricing import Settlement, settle
from wallet import services as wallet
from wallet.services import Line

Kind = OrderMove.Kind
BASIS_POINTS = Decimal(100)


def set_aside(checkout: Checkout, orders: Iterable[Order]) -> None:
    """Take from the buyer's wallet what a checkout comes to: a hold, which becomes a line of escrow for each order.

    Raises a LedgerRefusal.
    """
    orders = [order for order in orders if order.paid]
    if not orders:
        return
    account = wallet.open_wallet(owner_id=checkout.customer_id, currency=Order.CURRENCY)
    amount = sum(order.paid for order in orders)
    wallet.place_hold(
        hold_id=checkout.hold_id, account_id=account, amount=amount, expires_at=None, reason="order"
    )
    wallet.commit_hold_lines(
        hold_id=checkout.hold_id,
        posting_id=checkout.posting_id,
        lines=[Line("ORDER", account, _escrow(), order.paid) for order in orders],
        description=", ".join(order.seller_name for order in orders)[:200],
    )
    _note(checkout.posting_id, [(order, Kind.ESCROW, order.paid) for order in orders])


def release(order: Order) -> None:
    """Pay the seller what an order is worth to them now, and us our commission with its tax, in one posting."""
    due = _worth(order, order.paid - order.refunded)
    lines = [
        Line("SALE", _escrow(), order.seller.account_id, due.seller),
        Line("FEE", _escrow(), wallet.system_account("FEE_INCOME"), due.commission),
        Line("VAT", _escrow(), wallet.system_account("VAT_PAYABLE"), due.tax),
    ]
    _post(order, posting_id(), lines, [Kind.RELEASE, Kind.COMMISSION, Kind.COMMISSION_TAX])


def give_back(order: Order, amount: int, *, posting_id: UUID) -> None:
    """Give the buyer so much of a locked order back: out of escrow, or of what seller and we were paid for it.

    Raises RefundTooLarge; InsufficientFunds where the seller's account has too little.
    """
    left = order.paid - order.refunded
    if not 0 <= amount <= left:
        raise RefundTooLarge(left=left)
    buyer = wallet.open_wallet(owner_id=order.customer_id, currency=Order.CURRENCY)
    if is_released(order):
        was, now = _worth(order, left), _worth(order, left - amount)
        lines = [
            Line("REFUND", order.seller.account_id, buyer, was.seller - now.seller),
            Line("REFUND", wallet.system_account("FEE_INCOME"), buyer, was.commission - now.commission),
            Line("REFUND", wallet.system_account("VAT_PAYABLE"), buyer, was.tax - now.tax),
        ]
    else:
        lines = [Line("REFUND", _escrow(), buyer, amount)]
    _post(order, posting_id, lines, [Kind.REFUND] * len(lines))
    order.refunded += amount
    order.save(update_fields=["refunded"])


def is_released(order: Order) -> bool:
    """Whether its seller was paid."""
    return OrderMove.objects.filter(order=order, kind=Kind.RELEASE).exists()


def _worth(order: Order, paid: int) -> Settlement:
    """How an order of which so much stays paid is divided. What is given back is of the goods before the delivery."""
    return settle(
        paid,
        rate=order.commission_points / BASIS_POINTS,
        tax_rate=order.commission_tax,
        delivery=min(order.delivery, paid),
    )


def _escrow() -> UUID:
    return wallet.system_account("MARKETPLACE_ESCROW")


def _post(order: Order, key: UUID, lines: list[Line], kinds: list[str]) -> None:
    """Post the lines that move something, and note for each kind what it came to."""
    moving = [(line, kind) for line, kind in zip(lines, kinds, strict=True) if line.amount]
    if not moving:
        return
    wallet.post(posting_id=key, lines=[line for line, _kind in moving], description=order.seller_name)
    sums: dict[str, int] = {}
    for line, kind in moving:
        sums[kind] = sums.get(kind, 0) + line.amount
    _note(key, [(order, kind, amount) for kind, amount in sums.items()])


def _note(key: UUID, moved: Iterable[tuple[Order, str, int]]) -> None:
    OrderMove.objects.bulk_create(
        OrderMove(order=order, posting_id=key, kind=kind, amount=amount) for order, kind, amount in moved
    )
