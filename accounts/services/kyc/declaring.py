"""What a customer declares about themselves, step by step: who they are, where they live, which account is theirs."""

from datetime import date, datetime

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from accounts import audit
from accounts.kyc import declared, steps
from accounts.kyc.banks import BANKS
from accounts.kyc.declared import NotDeclarable
from accounts.kyc.places import REGIONS
from accounts.models import KycApplication, User
from accounts.services.kyc import sealing
from accounts.services.kyc.applications import edited
from core.actors import acting_as_service

_NEEDED = _("This is needed.")


def save_personal(
    *,
    user: User,
    first_name: str,
    middle_name: str,
    last_name: str,
    date_of_birth: date,
    at: datetime,
    revision: int | None = None,
) -> KycApplication:
    """Keep who the customer is. Raises NotDeclarable, and as `applications.edited`."""
    first, last = (
        declared.name(first_name, field="first_name"),
        declared.name(last_name, field="last_name"),
    )
    for field, found in (("first_name", first), ("last_name", last)):
        if not found:
            raise NotDeclarable(_NEEDED, field=field)
    middle = declared.name(middle_name, field="middle_name")
    born = declared.birth(date_of_birth, today=timezone.localdate(at))
    with acting_as_service(on_behalf_of=user):
        application = edited(user=user, at=at, step=steps.PERSONAL, revision=revision)
        application.first_name, application.middle_name, application.last_name = first, middle, last
        application.date_of_birth = born
        application.save()
        _record(application, steps.PERSONAL)
    return application


def save_address(
    *, user: User, address: str, city: str, region: str, at: datetime, revision: int | None = None
) -> KycApplication:
    """Keep where the customer lives. Raises NotDeclarable, and as `applications.edited`."""
    street = declared.place(address, field="address", longest=200)
    town = declared.place(city, field="city", longest=80)
    if region not in REGIONS:
        raise NotDeclarable(_("Choose a state."), field="region")
    with acting_as_service(on_behalf_of=user):
        application = edited(user=user, at=at, step=steps.ADDRESS, revision=revision)
        application.address, application.city, application.region = street, town, region
        application.save()
        _record(application, steps.ADDRESS)
    return application


@sensitive_variables("number")
def save_bank_account(
    *, user: User, bank_code: str, number: str, at: datetime, revision: int | None = None
) -> KycApplication:
    """Keep which bank account is the customer's, its number sealed. Raises NotDeclarable, and as `edited`."""
    if bank_code not in BANKS:
        raise NotDeclarable(_("Choose a bank."), field="bank_code")
    number = declared.digits(number, count=declared.ACCOUNT_DIGITS, field="number")
    with acting_as_service(on_behalf_of=user):
        application = edited(user=user, at=at, step=steps.BANK_ACCOUNT, revision=revision)
        sealing.save_account(application=application, bank_code=bank_code, number=number)
        application.save()
        _record(application, steps.BANK_ACCOUNT)
    return application


def _record(application: KycApplication, step: str) -> None:
    audit.record(
        action="kyc.application.changed", target=application, step=step, revision=application.revision
    )
