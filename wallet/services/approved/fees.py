"""Schedules of fees: made by two people, from a day to come on, and shown by what they would change."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.approvals import ApprovalAction, Described, Payload
from accounts.models import Approval
from core.errors import DomainError
from core.templatetags.money import money
from wallet import fees, wording
from wallet.fees import Band, Tariff
from wallet.models import FeeRule, FeeSchedule
from wallet.models.limits import MOST
from wallet.services.approved.words import NOTHING
from wallet.services.fees import add_fee_schedule

CODE = "wallet.fee_schedule"
# What is shown of a new price: what these amounts (kobo) cost before and after.
EXAMPLES = tuple(naira * 100 for naira in (500, 2_500, 5_000, 10_000, 50_000, 100_000, 1_000_000))

SMALLEST_SHARE = Decimal("0.0000001")


class ScheduleTooSoon(DomainError):
    code = "fee_schedule_too_soon"
    message = gettext_lazy("A price begins tomorrow at the earliest: what was shown today stays true today.")


class ScheduleExists(DomainError):
    code = "fee_schedule_exists"
    kind = "conflict"
    message = gettext_lazy(
        "There is a schedule that begins on this day already. A schedule is never changed; choose a later day."
    )


class ScheduleUnsound(DomainError):
    code = "fee_schedule_unsound"
    message = gettext_lazy(
        "A schedule names where it comes from. Its lines charge a fee or stamp duty, each from another amount on, "
        "with amounts from zero up and shares from 0 to 100%."
    )


def target_of(payload: Payload) -> str:
    tier = "" if payload["tier"] is None else f" {payload['tier']}"
    return f"fees {payload['kind']}{tier} {payload['currency']}"


def tariff_in(payload: Payload) -> Tariff:
    """The schedule that a payload is about, as the arithmetic has it."""
    return Tariff(tuple(_band(line) for line in payload["bands"]), Decimal(payload["tax_rate"]))


def as_payload(band: Band) -> dict[str, Any]:
    return {
        "charge": band.charge,
        "from_amount": band.from_amount,
        "flat": band.flat,
        "rate": f"{band.rate.normalize():f}",
        "minimum": band.minimum,
        "maximum": band.maximum,
        "waived_for": sorted(band.waived_for),
    }


def _band(line: dict[str, Any]) -> Band:
    facts = {**line, "rate": Decimal(line["rate"]), "waived_for": frozenset(line["waived_for"])}
    return Band(**facts)


def _schedules(payload: Payload) -> QuerySet[FeeSchedule]:
    return FeeSchedule.objects.filter(
        kind=payload["kind"], tier=payload["tier"], currency=payload["currency"]
    ).prefetch_related("rules")


def check(payload: Payload) -> None:
    """Raises ScheduleTooSoon, ScheduleExists, ScheduleUnsound."""
    begins = date.fromisoformat(payload["from_date"])
    if begins <= timezone.localdate():
        raise ScheduleTooSoon
    if _schedules(payload).filter(from_date=begins).exists():
        raise ScheduleExists
    tariff = tariff_in(payload)
    starts = {(band.charge, band.from_amount) for band in tariff.bands}
    if (
        not payload["source"].strip()
        or payload["kind"] not in FeeSchedule.Kind.values
        or len(starts) < len(tariff.bands)
        or not 0 <= tariff.tax_rate <= 1
        or not all(_is_sound(band) for band in tariff.bands)
    ):
        raise ScheduleUnsound


def _is_sound(band: Band) -> bool:
    amounts = [
        band.from_amount,
        band.flat,
        band.minimum,
        band.minimum if band.maximum is None else band.maximum,
    ]
    return (
        band.charge in (fees.FEE, fees.STAMP_DUTY)
        and all(0 <= amount <= MOST for amount in amounts)
        and amounts[3] >= band.minimum
        and 0 <= band.rate <= 1
        and band.rate == band.rate.quantize(SMALLEST_SHARE)
        and band.waived_for <= set(FeeRule.Waiver.values)
    )


def version(payload: Payload) -> str:
    """Another schedule of the same sort, whatever its day, is another state of affairs."""
    newest = _schedules(payload).order_by("-pk").values_list("pk", flat=True).first()
    return str(newest or "")


def describe(payload: Payload) -> Described:
    """What it says, against what it follows, and what example amounts would cost."""
    before = _schedules(payload).filter(from_date__lte=payload["from_date"]).order_by("-from_date").first()
    later = _schedules(payload).filter(from_date__gt=payload["from_date"]).order_by("from_date").first()
    was, would_be, currency = before.tariff() if before else None, tariff_in(payload), payload["currency"]
    tier = _("all") if payload["tier"] is None else str(payload["tier"])
    return [
        (_("For"), f"{FeeSchedule.Kind(payload['kind']).label}, {_('tier')} {tier}"),
        (_("From"), payload["from_date"]),
        *([(_("Until the schedule of"), later.from_date.isoformat())] if later else []),
        (_("Tax on the fee"), _change(_percent(was.tax_rate) if was else "", _percent(would_be.tax_rate))),
        *_charges(was, would_be, currency),
        *_examples(payload, was, would_be),
        (_("Where it comes from"), payload["source"]),
    ]


def _charges(was: Tariff | None, would_be: Tariff, currency: str) -> list[tuple[str | Promise, str]]:
    found = []
    for charge in (fees.FEE, fees.STAMP_DUTY):
        sides = [_words(was, charge, currency) if was else "", _words(would_be, charge, currency)]
        if any(sides):
            found.append((wording.kind(charge), _change(sides[0], sides[1] or NOTHING)))
    return found


def _words(tariff: Tariff, charge: str, currency: str) -> str:
    bands = tuple(band for band in tariff.bands if band.charge == charge)
    texts = []
    for band in sorted(bands, key=lambda band: band.from_amount):
        free = ", ".join(str(FeeRule.Waiver(code).label) for code in sorted(band.waived_for))
        texts.append(wording.price(band, currency) + (f" ({_('not for')}: {free})" if free else ""))
    return "; ".join(texts)


def _examples(payload: Payload, was: Tariff | None, would_be: Tariff) -> list[tuple[str, str]]:
    def cost(tariff: Tariff, amount: int) -> str:
        found = fees.quote(kind=payload["kind"], amount=amount, tariff=tariff)
        return money(found.total, payload["currency"])

    return [
        (
            _("%(amount)s costs") % {"amount": money(amount, payload["currency"])},
            _change(cost(was, amount) if was else "", cost(would_be, amount)),
        )
        for amount in EXAMPLES
    ]


def _change(was: str, would_be: str) -> str:
    return would_be if was == would_be else f"{was or NOTHING} → {would_be}"


def _percent(rate: Decimal) -> str:
    return f"{(rate * 100).normalize():f}%"


def apply(payload: Payload, approval: Approval, at: datetime) -> None:
    """Write the schedule. Raises ScheduleExists where another one of that day came first."""
    tariff = tariff_in(payload)
    try:
        with transaction.atomic():
            add_fee_schedule(
                kind=payload["kind"],
                tier=payload["tier"],
                currency=payload["currency"],
                from_date=date.fromisoformat(payload["from_date"]),
                tax_rate=tariff.tax_rate,
                source=payload["source"],
                bands=tariff.bands,
                approval=approval,
            )
    except IntegrityError as error:
        if "fee_schedule_once" in str(error):
            raise ScheduleExists from None
        raise


ACTION = ApprovalAction(
    code=CODE,
    label=gettext_lazy("Schedule of fees"),
    propose="wallet.propose_limits",
    approve="wallet.approve_limits",
    check=check,
    target_version=version,
    describe=describe,
    apply=apply,
)
