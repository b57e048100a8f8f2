"""Which gateway money is sent to, and by which it is paid out: of those that take it, chosen here and nowhere else."""

from collections.abc import Iterator, Sequence

from wallet.gateways.capabilities import OpensCheckouts
from wallet.models import PaymentGateway
from wallet.services.gateways import NoGateway, adapter_of, health_of

# Those with a page where a customer pays.
CHECKOUTS = (PaymentGateway.Kind.PAYSTACK, PaymentGateway.Kind.XPRESS_PAY)


def gateway_for(currency: str, amount: int, *, besides: str = "") -> PaymentGateway:
    """Return the gateway for a payment of `amount`: the first by priority, then by fee, of those that answer.

    While none answers it is the first of all, so that a payment can be stored and tried again. With `besides`, it is
    another one than that, and one that answers. A merchant's own is never active, so never chosen. Raises NoGateway.
    """
    found = [gateway for gateway in _fit(currency, amount) if gateway.code != besides]
    chosen = first_that_answers(found)
    if chosen is None or (besides and health_of(chosen).state == "OPEN"):
        raise NoGateway
    return chosen


def first_that_answers(found: Sequence[PaymentGateway]) -> PaymentGateway | None:
    """Return the first of these, best first, that is not left alone; while all are, the first, and None of none."""
    answering = (gateway for gateway in found if health_of(gateway).state != "OPEN")
    return next(answering, found[0] if found else None)


def checkouts_of(gateway: PaymentGateway) -> OpensCheckouts:
    """Return the adapter with a page where a customer pays. Raises NoGateway for a company that has none."""
    adapter = adapter_of(gateway)
    if not isinstance(adapter, OpensCheckouts):
        raise NoGateway
    return adapter


def fee_of(gateway: PaymentGateway, amount: int) -> int:
    """Return about what a gateway keeps of a payment, in minor units: to compare by, never to book."""
    share = int(gateway.fee_percent * 1000) * amount // 100_000
    fee = share + gateway.fee_flat
    return fee if gateway.fee_cap is None else min(fee, gateway.fee_cap)


def _fit(currency: str, amount: int) -> Iterator[PaymentGateway]:
    """Those that take it, the best first."""
    active = PaymentGateway.objects.filter(
        active=True, kind__in=CHECKOUTS, currencies__contains=[currency]
    ).exclude(min_amount__gt=amount)
    rows = active.exclude(max_amount__lt=amount)
    yield from sorted(rows, key=lambda gateway: (gateway.priority, fee_of(gateway, amount), gateway.code))
