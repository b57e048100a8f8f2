"""What a lender lends: products by name, whose terms are versions. An offer keeps the version that it was made by."""

from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core.actors import acting_as_service
from core.errors import DomainError
from credit.models import LoanProduct, ProductTerms, Provider
from credit.product_checks import Offered, ProductInvalid, check
from credit.services.lenders import managing
from credit.terms_data import late_data, rules_data

MOST_PRODUCTS = 50


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
