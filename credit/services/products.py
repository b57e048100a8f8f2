"""What a lender lends: products by name, whose terms are versions. An offer keeps the version that it was made by."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import product as combinations

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core.actors import acting_as_service
from core.errors import DomainError
from credit.models import LoanProduct, ProductTerms, Provider
from credit.models.providers import MOST_RATE
from credit.penalties import LateCharge
from credit.pricing import price
from credit.product_rules import ProductRules
from credit.roots import NoRate
from credit.services.lenders import managing
from credit.terms_data import late_data, rules_data

MOST_PRODUCTS = 50
LONGEST = 1200
# A late charge above these says more about its lender than about being late.
MOST_LATE, MOST_LATE_IN_ALL = Decimal(10), Decimal(100)


class ProductInvalid(DomainError):
    """`data["field"]` names what is wrong."""

    code = "loan_product_invalid"
    message = _("A product cannot be made so.")
    public = ("field",)


class ProductExists(DomainError):
    code = "loan_product_exists"
    kind = "conflict"
    message = _("You have a product of this name.")


class TooManyProducts(DomainError):
    code = "loan_product_too_many"
    kind = "limited"
    message = _("You have 50 products. Change one that you no longer need.")


class ProductNotFound(DomainError):
    code = "loan_product_not_found"
    kind = "not_found"
    message = _("There is no such product.")


class TermsExist(DomainError):
    code = "loan_product_terms_exist"
    kind = "conflict"
    message = _("There are terms from that day on already. Choose a later day.")


@dataclass(frozen=True)
class Offered:
    """What a version of a product says. Amounts are minor units, rates and shares percent, lengths instalments."""

    least: int
    most: int
    shortest: int
    longest: int
    lowest_rate: Decimal
    highest_rate: Decimal
    fee_percent: Decimal = Decimal(0)
    fee_fixed: int = 0
    rules: ProductRules = field(default_factory=ProductRules)
    late: LateCharge = field(default_factory=lambda: LateCharge(Decimal(0)))
    cooling_off_days: int = 3
    conditions: tuple[str, ...] = ()


def make_product(
    *, provider: Provider, by: User, name: str, summary: str, offered: Offered, from_date: date, at: datetime
) -> ProductTerms:
    """Offer something new from a day on. Raises ProductInvalid, ProductExists, TooManyProducts, and as `managing`."""
    name, summary = " ".join(name.split()), " ".join(summary.split())
    if not 1 <= len(name) <= 80:
        raise ProductInvalid(_("Give it a name of at most 80 characters."), field="name")
    if len(summary) > 300:
        raise ProductInvalid(_("Say it in at most 300 characters."), field="summary")
    check(offered, on=timezone.localdate(at))
    with acting_as_service(), transaction.atomic():
        managing(provider=provider, by=by)
        if LoanProduct.objects.filter(provider=provider).count() >= MOST_PRODUCTS:
            raise TooManyProducts
        try:
            with transaction.atomic():
                made = LoanProduct.objects.create(
                    provider=provider, name=name, summary=summary, currency_id="NGN"
                )
        except IntegrityError as error:
            raise ProductExists from error
        return _version(made, by, offered, from_date, at)


def set_terms(
    *, product: LoanProduct, by: User, offered: Offered, from_date: date, at: datetime
) -> ProductTerms:
    """Give a product other terms from a day on; what was offered before stays as it was.

    Raises ProductInvalid, TermsExist, and as `managing`.
    """
    check(offered, on=timezone.localdate(at))
    with acting_as_service(), transaction.atomic():
        managing(provider=product.provider, by=by)
        return _version(product, by, offered, from_date, at)


def open_product(*, product: LoanProduct, by: User, is_open: bool) -> LoanProduct:
    """Take new applications for a product, or no more. Raises as `managing`."""
    with acting_as_service(), transaction.atomic():
        managing(provider=product.provider, by=by)
        product.is_open = is_open
        product.save(update_fields=["is_open"])
        audit.record(action="credit.product.opened", target=product, actor_id=by.pk, is_open=is_open)
    return product


def check(offered: Offered, *, on: date) -> None:
    """Refuse what nobody may offer, and what comes to no schedule at one of its ends. Raises ProductInvalid."""
    amounts = 1 <= offered.least <= offered.most
    lengths = 1 <= offered.shortest <= offered.longest <= LONGEST
    rates = 0 <= offered.lowest_rate <= offered.highest_rate <= MOST_RATE
    fees = 0 <= offered.fee_percent <= 100 and offered.fee_fixed >= 0
    late = offered.late.percent <= MOST_LATE and offered.late.cap <= MOST_LATE_IN_ALL
    texts = len(offered.conditions) <= 10 and all(1 <= len(one) <= 300 for one in offered.conditions)
    for holds, name, words in (
        (amounts, "most", _("The most is not below the least, and that is above zero.")),
        (lengths, "longest", _("The longest is not below the shortest, and that is one instalment or more.")),
        (
            rates,
            "highest_rate",
            _("Rates are between 0 and 1,000 % a year, the highest not below the lowest."),
        ),
        (fees, "fee_percent", _("A fee is zero or more, and at most all of it.")),
        (
            late,
            "late_percent",
            _("A late charge is at most 10 % of what is late, and 100 % of the loan in all."),
        ),
        (3 <= offered.cooling_off_days <= 30, "cooling_off_days", _("Give 3 to 30 working days.")),
        (texts, "conditions", _("Up to ten conditions, each of at most 300 characters.")),
    ):
        if not holds:
            raise ProductInvalid(words, field=name)
    ends = combinations(
        {offered.least, offered.most},
        {offered.shortest, offered.longest},
        {offered.lowest_rate, offered.highest_rate},
    )
    for amount, count, rate in ends:
        if (why := _cannot(offered, amount, count, rate, on)) is not None:
            raise ProductInvalid(why, field="rules")


def _cannot(offered: Offered, amount: int, count: int, rate: Decimal, on: date) -> str | Promise | None:
    """Why no loan of this size can be made, in words; None where it can."""
    try:
        price(
            offered.rules,
            amount=amount,
            count=count,
            rate=rate,
            start=on,
            fee_percent=offered.fee_percent,
            fee_fixed=offered.fee_fixed,
        )
    except NoRate:
        return _("With these fees nothing would be left of the smallest loan.")
    except ValueError as error:
        return str(error)
    return None


def _version(product: LoanProduct, by: User, offered: Offered, from_date: date, at: datetime) -> ProductTerms:
    if from_date < timezone.localdate(at):
        raise ProductInvalid(_("Terms begin today or later."), field="from_date")
    try:
        with transaction.atomic():
            terms = ProductTerms.objects.create(
                product=product,
                from_date=from_date,
                least=offered.least,
                most=offered.most,
                shortest=offered.shortest,
                longest=offered.longest,
                lowest_rate=offered.lowest_rate,
                highest_rate=offered.highest_rate,
                fee_percent=offered.fee_percent,
                fee_fixed=offered.fee_fixed,
                rules=rules_data(offered.rules),
                late=late_data(offered.late),
                cooling_off_days=offered.cooling_off_days,
                conditions=list(offered.conditions),
                made_by_id=by.pk,
            )
    except IntegrityError as error:
        raise TermsExist from error
    audit.record(
        action="credit.product.terms_set",
        target=product,
        actor_id=by.pk,
        terms=str(terms.pk),
        from_date=str(from_date),
    )
    return terms
