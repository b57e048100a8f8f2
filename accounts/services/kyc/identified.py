"""Who a customer is to a bank: their name, telephone and BVN, for what they ask us to do with it."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from accounts import audit
from accounts.models import Customer, IdentityNumber, KycApplication, User
from accounts.services.kyc import sealing
from core.actors import acting_as_service
from core.errors import DomainError

BVN = IdentityNumber.Kind.BVN


class NotIdentified(DomainError):
    code = "kyc_bvn_needed"
    kind = "conflict"
    message = _("Give us your BVN first: banks open an account number only for people they can name.")


@dataclass(frozen=True)
class Identified:
    first_name: str
    last_name: str
    phone: str
    bvn: str = field(repr=False)
    birth_date: date | None = field(repr=False)
    address: str = field(repr=False)


def has_bvn(*, user: User) -> bool:
    with acting_as_service():
        return IdentityNumber.objects.held().filter(customer_id=user.pk, kind=BVN).exists()


@sensitive_variables()
def identified(*, user: User, purpose: str) -> Identified:
    """Return who a customer is, their BVN whole, and write down what for. Raises NotIdentified."""
    with acting_as_service(on_behalf_of=user):
        number = IdentityNumber.objects.held().filter(customer_id=user.pk, kind=BVN).first()
        if number is None:
            raise NotIdentified
        customer = Customer.objects.get(pk=user.pk)
        named = (
            KycApplication.objects.filter(customer=customer).exclude(first_name="").order_by("-id").first()
        )
        first, last = (named.first_name, named.last_name) if named else _split(user.display_name)
        audit.record(action="kyc.number.used", target=number, purpose=purpose)
        return Identified(
            first,
            last,
            customer.phone,
            sealing.open_number(number),
            birth_date=named.date_of_birth if named else None,
            address=named.address if named else "",
        )


@sensitive_variables()
def identified_all(*, user_ids: Collection[UUID], purpose: str) -> dict[UUID, Identified]:
    """Return who many customers are, by id, in as many queries as for one, and write down how many for what.

    Who gave no BVN is named with an empty one. Needs the service.
    """
    users = User.objects.select_related("profile").filter(pk__in=user_ids)
    customers = Customer.objects.in_bulk(user_ids)
    given = IdentityNumber.objects.held().filter(customer__in=user_ids, kind=BVN)
    numbers = {row.customer_id: sealing.open_number(row) for row in given}
    named = {
        row.customer_id: row
        for row in KycApplication.objects.filter(customer__in=user_ids).exclude(first_name="").order_by("id")
    }
    audit.record(action="kyc.numbers.used", purpose=purpose, many=len(numbers))
    found = {}
    for user in users:
        file, customer = named.get(user.pk), customers.get(user.pk)
        first, last = (file.first_name, file.last_name) if file else _split(user.display_name)
        found[user.pk] = Identified(
            first,
            last,
            customer.phone if customer else "",
            numbers.get(user.pk, ""),
            birth_date=file.date_of_birth if file else customer.date_of_birth if customer else None,
            address=file.address if file else "",
        )
    return found


def _split(name: str) -> tuple[str, str]:
    first, _space, last = name.partition(" ")
    return first, last or first
