"""A product's terms as they were typed, and as the service takes them: there, and back again. No form is here."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from credit import product_choices as choices
from credit.drawdown import Drawdown
from credit.models import ProductTerms
from credit.penalties import LateCharge
from credit.product_checks import Offered
from credit.product_rules import ProductRules
from credit.terms import Bucket, Counts, Effect, Grace, Half, Method, Paying, Rounding, To
from credit.terms_data import late_of, rules_of
from wallet.templatetags.wallet import plain_amount


def offered_of(typed: Mapping[str, Any]) -> Offered:
    """Return what was typed and found well-formed, as the service takes it."""
    lines = [" ".join(line.split()) for line in typed["conditions"].splitlines()]
    return Offered(
        least=typed["least"],
        most=typed["most"],
        shortest=typed["shortest"],
        longest=typed["longest"],
        lowest_rate=typed["lowest_rate"],
        highest_rate=typed["highest_rate"],
        fee_percent=typed["fee_percent"],
        fee_fixed=typed["fee_fixed"] or 0,
        rules=_rules(typed),
        late=LateCharge(
            percent=typed["late_percent"],
            most=typed["late_most"],
            cap=typed["late_cap"],
            days_free=typed["late_days_free"],
        ),
        cooling_off_days=typed["cooling_off_days"],
        conditions=tuple(line for line in lines if line),
    )


def _rules(typed: Mapping[str, Any]) -> ProductRules:
    method, usual = Method(typed["method"]), ProductRules()
    grows, steps = method is Method.GRADUATED, method is Method.STEPPED
    return ProductRules(
        method=method,
        rhythm=typed["rhythm"],
        every=typed["every"],
        day_count=choices.convention(typed["day_count"], typed["rhythm"]),
        grace=Grace(
            no_principal=typed["no_principal"],
            interest_later=typed["interest_later"],
            interest_free=typed["interest_free"],
            capitalised=typed["capitalised"] == choices.ADDED,
        ),
        rounding=Rounding(
            multiple=typed["multiple"],
            to=To(typed["to"]),
            interest=Half(typed["half"]),
            smoothed=typed["smoothed"],
        ),
        paying=Paying(
            order=tuple(Bucket(one) for one in typed["order"].split()),
            row_by_row=typed["by"] == choices.ROW_BY_ROW,
            accrued_first=typed["ahead"] == choices.INTEREST_FIRST,
            counts=Counts(typed["early"]),
            effect=Effect(typed["effect"]),
        ),
        balloon=typed["balloon"] if method is Method.BALLOON else usual.balloon,
        growth=typed["growth"] if grows else usual.growth,
        growth_every=typed["growth_every"] if grows else usual.growth_every,
        weights=typed["weights"] if steps else usual.weights,
        capitalise_unpaid=typed["capitalise_unpaid"],
        arrears_earn=typed["arrears_earn"],
        drawdown=_drawdown(typed),
    )


def _drawdown(typed: Mapping[str, Any]) -> Drawdown:
    usual = Drawdown()
    return Drawdown(
        parts=typed["parts"] or usual.parts,
        least=typed["least_part"] or usual.least,
        days=typed["draw_days"] or usual.days,
    )


def first_terms() -> dict[str, Any]:
    return {"from_date": timezone.localdate(), "lowest_rate": 18, "highest_rate": 36}


def terms_as_typed(terms: ProductTerms) -> dict[str, Any]:
    """A version's terms as somebody would have typed them, to begin another one from tomorrow."""
    late = late_of(terms.late)
    return {
        "from_date": max(terms.from_date, timezone.localdate()) + timedelta(days=1),
        **{name: plain_amount(getattr(terms, name)) for name in ("least", "most")},
        "fee_fixed": plain_amount(terms.fee_fixed) if terms.fee_fixed else "",
        **{name: getattr(terms, name) for name in ("shortest", "longest", "cooling_off_days")},
        **{name: _plain(getattr(terms, name)) for name in ("lowest_rate", "highest_rate", "fee_percent")},
        **rules_as_typed(rules_of(terms.rules)),
        "late_percent": _plain(late.percent),
        "late_most": plain_amount(late.most) if late.most is not None else "",
        "late_cap": _plain(late.cap),
        "late_days_free": late.days_free,
        "conditions": "\n".join(terms.conditions),
    }


def rules_as_typed(rules: ProductRules) -> dict[str, Any]:
    grace, rounding, paying = rules.grace, rules.rounding, rules.paying
    is_called = rules.day_count == choices.convention(choices.AS_CALLED, rules.rhythm)
    return {
        "method": rules.method,
        "balloon": _plain(rules.balloon) if rules.balloon else "",
        "growth": _plain(rules.growth) if rules.growth else "",
        "growth_every": rules.growth_every,
        "weights": " ".join(_plain(one) for one in rules.weights),
        "rhythm": rules.rhythm,
        "every": rules.every,
        "no_principal": grace.no_principal,
        "interest_later": grace.interest_later,
        "capitalised": choices.ADDED if grace.capitalised else choices.ASKED_LATER,
        "interest_free": grace.interest_free,
        "capitalise_unpaid": rules.capitalise_unpaid,
        "day_count": choices.AS_CALLED if is_called else rules.day_count,
        "half": rounding.interest,
        "multiple": plain_amount(rounding.multiple),
        "to": rounding.to,
        "smoothed": rounding.smoothed,
        "early": paying.counts,
        "effect": paying.effect,
        "ahead": choices.INTEREST_FIRST if paying.accrued_first else choices.PRINCIPAL_FIRST,
        "order": choices.order_name(paying.order),
        "by": choices.ROW_BY_ROW if paying.row_by_row else choices.BUCKET_BY_BUCKET,
        "arrears_earn": rules.arrears_earn,
        "parts": rules.drawdown.parts,
        "least_part": _plain(rules.drawdown.least),
        "draw_days": rules.drawdown.days,
    }


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
