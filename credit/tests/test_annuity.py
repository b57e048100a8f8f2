"""Level payments against figures that others published. Their signs are ours: what is paid is below zero."""

from decimal import Decimal, localcontext
from typing import Any

import pytest

from core.tests.published import cases
from credit import annuity
from credit.roots import NoRate

NAMES = ("pmt", "pv", "fv", "ipmt", "ppmt", "nper", "rate")
# Beside these the files hold `irr` and `xirr`, which test_apr_published tests; and these, for which a loan has no use.
NO_USE = {
    "npv": "a loan is compared by its rate; the worth at a rate somebody chose is shown nowhere",
    "xnpv": "as npv",
    "mirr": "nothing that a borrower pays is reinvested",
}


def number(text: Any) -> Decimal:
    with localcontext(prec=34):
        above, _, below = str(text).partition("/")
        return Decimal(above) / Decimal(below or 1)


def found(inputs: dict[str, Any]) -> Decimal:
    values = {key: number(inputs[key]) for key in ("rate", "pmt", "pv", "fv") if key in inputs}
    rate, paid = values.get("rate", Decimal(0)), values.get("pmt", Decimal(0))
    present, future = values.get("pv", Decimal(0)), values.get("fv", Decimal(0))
    at_start = inputs.get("when") == "begin"
    count, period = int(inputs.get("nper", 0)), int(inputs.get("per", 0))
    match inputs["function"]:
        case "pmt":
            return annuity.payment(rate, count, present, future, at_start=at_start)
        case "pv":
            return annuity.present_value(rate, count, paid, future, at_start=at_start)
        case "fv":
            return annuity.future_value(rate, count, paid, present, at_start=at_start)
        case "ipmt":
            return annuity.interest_part(rate, period, count, present)
        case "ppmt":
            return annuity.principal_part(rate, period, count, present)
        case "nper":
            return annuity.periods_needed(rate, paid, present, future, at_start=at_start)
    return annuity.rate_of(count, paid, present, future)


ALL = [case for name in ("numpy_financial", "tvm_and_xirr_published") for case in cases(__file__, name)]
OURS = [case for case in ALL if case.values[0]["inputs"].get("function") in NAMES]
LEFT_OUT = [case for case in ALL if case.values[0]["inputs"].get("function") in NO_USE]


@pytest.mark.parametrize("case", OURS)
def test_level_payments(case: dict[str, Any]) -> None:
    value = found(case["inputs"])
    assert abs(value - Decimal(case["expected"]["value"])) <= Decimal(case["tolerance"])


@pytest.mark.parametrize("case", LEFT_OUT)
def test_what_a_loan_has_no_use_for(case: dict[str, Any]) -> None:
    pytest.skip(NO_USE[case["inputs"]["function"]])


NOMINAL = [case for case in ALL if case.values[0]["inputs"].get("function") == "nominal annual rate"]


@pytest.mark.parametrize("case", NOMINAL)
def test_the_yearly_rate_of_a_loan_paid_by_the_month(case: dict[str, Any]) -> None:
    inputs = case["inputs"]
    rate = annuity.rate_of(inputs["months"], -number(inputs["payment"]), number(inputs["principal"]))
    assert abs(rate * 12 - Decimal(case["expected"]["value"])) <= Decimal(case["tolerance"])
    left = annuity.future_value(
        rate, inputs["months"], -number(inputs["payment"]), number(inputs["principal"])
    )
    assert abs(left) < Decimal("1e-9")


LOAN = [case for case in ALL if case.id == "tvm-loan-2500"]


@pytest.mark.parametrize("case", LOAN)
def test_each_payment_of_a_loan(case: dict[str, Any]) -> None:
    inputs, wanted = case["inputs"], case["expected"]
    rate = number(f"{inputs['annual_rate_pct']}/1200")
    count, owed = inputs["instalments"], Decimal(inputs["principal"])
    parts = [annuity.interest_part(rate, n, count, owed) for n in range(1, count + 1)]
    for part, figure in zip(parts, wanted["interest"], strict=True):
        assert abs(-part - Decimal(figure)) < Decimal("1e-9")
    assert abs(-sum(parts) - Decimal(wanted["interest_total"])) < Decimal("1e-9")
    for n, principal, interest, balance in wanted["rows"]:
        part = annuity.principal_part(rate, n, count, Decimal(inputs["principal"]))
        owed += part
        for value, figure in ((-part, principal), (-parts[n - 1], interest), (owed, balance)):
            assert abs(value - Decimal(figure)) <= Decimal("0.005")


def test_interest_free_credit_is_divided() -> None:
    assert annuity.payment(Decimal(0), 4, Decimal(100)) == -25
    assert annuity.periods_needed(Decimal(0), Decimal(-25), Decimal(100)) == 4
    assert annuity.present_value(Decimal(0), 4, Decimal(-25)) == 100
    assert annuity.rate_of(4, Decimal(-25), Decimal(100)) == 0


@pytest.mark.parametrize("paid", [Decimal(0), Decimal(-1), Decimal(-2)])
def test_a_payment_below_its_interest_never_ends(paid: Decimal) -> None:
    with pytest.raises(ValueError, match="never"):
        annuity.periods_needed(Decimal("0.02"), paid, Decimal(100))
    with pytest.raises(ValueError, match="ever"):
        annuity.periods_needed(Decimal(0), Decimal(0), Decimal(100))


def test_what_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="period"):
        annuity.payment(Decimal("0.02"), 0, Decimal(100))
    for period in (0, 13):
        with pytest.raises(ValueError, match="period"):
            annuity.interest_part(Decimal("0.02"), period, 12, Decimal(100))
    with pytest.raises(NoRate):
        annuity.rate_of(12, Decimal(10), Decimal(100))
