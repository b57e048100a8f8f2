"""BVN and NIN: given once, kept sealed, one customer each; seen whole only by who proved a second factor just now."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from accounts import audit
from accounts.kyc import declared, steps
from accounts.models import IdentityNumber, KycApplication, User
from accounts.services.kyc import pace, sealing
from accounts.services.kyc.applications import NotEditable, edited, open_of
from core.actors import SERVICE, Actor, acting, acting_as_service
from core.errors import DomainError

COLLISION = "kyc.number.collision"


class NumberRefused(DomainError):
    """Another customer holds it. Whose it is, or that it is anybody's, is not told."""

    code = "kyc_number_refused"
    kind = "conflict"
    message = _(
        "We cannot take this number. Check it digit by digit; if it is right, write to us from the help page."
    )


class NoSuchNumber(DomainError):
    code = "kyc_no_such_number"
    kind = "not_found"
    message = _("You have not given this number.")


@sensitive_variables("number")
def save_number(*, user: User, kind: str, number: str, step: str, at: datetime) -> KycApplication:
    """Keep a BVN or NIN, in place of one that was not confirmed yet; `step` is what it is given for.

    Raises NotDeclarable, TooOften, NumberRefused, and as `applications.edited`.
    """
    if kind not in steps.NUMBERS[step]:
        raise ValueError(f"{kind} is not what {step} asks for")
    number = declared.digits(number, count=declared.IDENTITY_DIGITS, field="number")
    pace.count(user=user, action=pace.NUMBER_ENTERED, at=at, number=kind)
    try:
        with acting_as_service(on_behalf_of=user):
            application = edited(user=user, at=at, step=step)
            _keep(user, kind, number, at)
            application.save()
            audit.record(action="kyc.number.given", target=application, number=kind)
    except NumberRefused:
        _note_collision(user, kind, number)
        raise
    return application


@sensitive_variables()
def reveal(*, user: User, kind: str, at: datetime) -> str:
    """Return a number whole to the one whose it is, who proved a second factor just now: the caller asks for that.

    Raises TooOften, NoSuchNumber.
    """
    pace.count(user=user, action=pace.NUMBER_REVEALED, at=at, number=kind)
    with acting_as_service(on_behalf_of=user):
        held = IdentityNumber.objects.held().filter(customer_id=user.pk, kind=kind).first()
        if held is None:
            raise NoSuchNumber
        return sealing.open_number(held)


@sensitive_variables("number")
def _keep(user: User, kind: str, number: str, at: datetime) -> None:
    """Keep the number under the lock of the application. Raises NotEditable, NumberRefused."""
    mine = IdentityNumber.objects.select_for_update().held().filter(customer_id=user.pk, kind=kind).first()
    if mine is not None:
        if mine.blind_index == sealing.number_index(kind, number):
            return
        if mine.verified_at is not None:
            raise NotEditable
    row = IdentityNumber(customer_id=user.pk, kind=kind, created_at=at)
    sealing.seal_number(row, number)
    try:
        with transaction.atomic():
            if mine is not None:
                mine.released_at = at
                mine.save(update_fields=["released_at"])
            row.save(force_insert=True)
    except IntegrityError:
        raise NumberRefused from None


@sensitive_variables("number")
def _note_collision(user: User, kind: str, number: str) -> None:
    """Write down for staff that two customers gave one number. By nobody: their own events are theirs to read."""
    with acting(Actor(SERVICE, {"role": SERVICE})):
        index = sealing.number_index(kind, number)
        holder = IdentityNumber.objects.held().filter(kind=kind, blind_index=index).first()
        if holder is not None:
            audit.record(
                action=COLLISION,
                target=open_of(user),
                alarm=True,
                number=kind,
                claimant=str(user.pk),
                holder=str(holder.customer_id),
            )
