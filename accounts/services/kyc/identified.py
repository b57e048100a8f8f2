"""Who a customer is to a bank: their name, telephone and BVN, for what they ask us to do with it."""

from dataclasses import dataclass, field
from datetime import date

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


def _split(name: str) -> tuple[str, str]:
    first, _space, last = name.partition(" ")
    return first, last or first
