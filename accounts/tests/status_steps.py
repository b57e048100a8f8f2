"""Steps of a customer's status, by staff."""

from datetime import datetime

from django.test import Client
from django.utils import timezone

from accounts.models import Customer, CustomerStatusChange, User
from accounts.services import status
from accounts.tests.staff import WHY, address
from core.actors import acting_as_service


def customer_of(user: User) -> Customer:
    with acting_as_service():
        return Customer.objects.get(pk=user.pk)


def holds(user: User) -> str:
    return customer_of(user).status


def changes(user: User) -> list[tuple[str, str, str]]:
    with acting_as_service():
        rows = CustomerStatusChange.objects.filter(customer_id=user.pk).order_by("id")
        return list(rows.values_list("from_status", "to_status", "reason_code"))


def restrict(
    user: User,
    to: str = "FROZEN",
    *,
    by: User | None = None,
    reason: str = "REVIEW",
    until: datetime | None = None,
    at: datetime | None = None,
    cause: str = "STAFF",
) -> CustomerStatusChange:
    return status.set_status(
        customer=Customer(pk=user.pk),
        to=to,
        cause=cause,
        reason_code=reason,
        text=WHY,
        by=by,
        at=at or timezone.now(),
        until=until,
    )


def lift(user: User, *, by: User | None = None, at: datetime | None = None) -> CustomerStatusChange:
    return status.lift(
        customer=Customer(pk=user.pk),
        cause="STAFF",
        reason_code="SETTLED",
        text=WHY,
        by=by,
        at=at or timezone.now(),
    )


def submit(staff: Client, user: User, deed: str, **fields: str):
    """Fill in the form, read what the customer will read, and press the button once more; return the last answer."""
    form = {"reason_code": "SETTLED" if deed == "lift" else "REVIEW", "text": WHY, **fields}
    seen = staff.post(address(user, deed), form)
    if seen.status_code != 200:
        return seen
    return staff.post(address(user, deed), {**form, "previewed": seen.context["form"]["previewed"].value()})
