"""Who else might be the same person: customers with the same number, phone, device or picture.

Every question goes by an index and brings at most `MOST` answers, however many customers there are.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import (
    AuditEvent,
    Customer,
    CustomerHistory,
    IdentityNumber,
    KycApplication,
    KycDocument,
    Session,
)

MOST = 20
# Pictures that differ in this many of the 64 bits of their hash still look alike.
ALIKE = 6
DEVICE_DAYS = 30
COLLISION = "kyc.number.collision"
_PARTS, _BITS = 4, 16
# The operators are those of an index on the parts of a hash (accounts/sql/kyc_queue.sql).
_LIKE = """
    select d.application_id, a.customer_id, d.kind, bit_count((d.picture_hash # %(hash)s)::bit(64)) as differs
    from accounts_kycdocument d join accounts_kycapplication a on a.id = d.application_id
    where d.picture_hash is not null
        and public.accounts_picture_parts(d.picture_hash) && %(near)s::integer[]
        and bit_count((d.picture_hash # %(hash)s)::bit(64)) <= %(alike)s
        and a.customer_id <> %(customer)s
    order by differs, d.id limit %(most)s
"""


@dataclass(frozen=True)
class Duplicate:
    """Another customer, what they share, and the application it was found in, if it was one."""

    what: str | Promise
    customer_id: UUID
    detail: str = ""
    application_id: UUID | None = None


def duplicates_of(*, application: KycApplication, at: datetime) -> list[Duplicate]:
    """Return what other customers share with this one, the surest first."""
    return [
        *_by_number(application),
        *_by_collision(application),
        *_by_phone(application),
        *_by_picture(application),
        *_by_device(application, at),
    ]


def near_parts(picture_hash: int) -> list[int]:
    """Return the four parts of a hash, and every value that differs from one of them in one bit, each by its place."""
    near = []
    for place in range(_PARTS):
        part = (picture_hash >> (place * _BITS)) & (2**_BITS - 1)
        near += [value + (place << _BITS) for value in (part, *(part ^ (1 << bit) for bit in range(_BITS)))]
    return near


def like_query(*, picture_hash: int, customer_id: UUID) -> tuple[str, dict[str, Any]]:
    """Return the question for documents of others whose picture looks like one, and its parameters."""
    near = near_parts(picture_hash)
    return _LIKE, {
        "hash": picture_hash,
        "near": near,
        "alike": ALIKE,
        "customer": customer_id,
        "most": MOST,
    }


def _by_number(application: KycApplication) -> Iterator[Duplicate]:
    own = IdentityNumber.objects.filter(customer_id=application.customer_id)
    same = Q(pk=None)
    for kind, index in own.values_list("kind", "blind_index"):
        same |= Q(kind=kind, blind_index=index)
    found = IdentityNumber.objects.filter(same).exclude(customer_id=application.customer_id)
    for number in found.order_by("-id")[:MOST]:
        yield Duplicate(_("Identity number"), number.customer_id, number.get_kind_display())


def _by_collision(application: KycApplication) -> Iterator[Duplicate]:
    """Whose numbers this customer tried to give."""
    events = AuditEvent.objects.filter(
        target_type=KycApplication._meta.label_lower, target_id=str(application.pk), action=COLLISION
    ).order_by("-id")[:MOST]
    for event in events:
        if holder := event.data.get("holder"):
            yield Duplicate(_("Number of another, tried"), UUID(holder), str(event.data.get("number", "")))


def _by_phone(application: KycApplication) -> Iterator[Duplicate]:
    """A phone number is one customer's at a time: others may have had it before, or have an earlier one now."""
    key = application.customer_id
    numbers = set(
        CustomerHistory._default_manager.filter(pgh_obj=key).exclude(phone="").values_list("phone", flat=True)
    )
    numbers |= set(Customer.objects.filter(pk=key).exclude(phone="").values_list("phone", flat=True))
    if not numbers:
        return
    before = CustomerHistory._default_manager.filter(phone__in=numbers).exclude(phone="").exclude(pgh_obj=key)
    seen = before.values_list("pgh_obj_id", flat=True).distinct().order_by("pgh_obj_id")[:MOST]
    for customer_id in seen:
        yield Duplicate(_("Phone number"), customer_id)


def _by_picture(application: KycApplication) -> Iterator[Duplicate]:
    own = application.documents.exclude(state=KycDocument.State.DELETED)
    hashes = list(own.order_by("-id").values_list("sha256", "picture_hash")[:MOST])
    same = (
        KycDocument.objects.filter(sha256__in=[digest for digest, _hash in hashes])
        .exclude(application__customer=application.customer_id)
        .select_related("application")
        .order_by("-id")[:MOST]
    )
    told = set()
    for document in same:
        told.add(document.application_id)
        yield Duplicate(
            _("The same file"),
            document.application.customer_id,
            document.get_kind_display(),
            document.application_id,
        )
    for row in _like({value for _digest, value in hashes if value is not None}, application):
        if row[0] not in told:
            told.add(row[0])
            kind = str(KycDocument.Kind(row[2]).label)
            yield Duplicate(_("A picture that looks alike"), row[1], kind, row[0])


def _like(hashes: Iterable[int], application: KycApplication) -> Iterator[tuple[UUID, UUID, str, int]]:
    with connection.cursor() as cursor:
        for picture_hash in sorted(hashes):
            cursor.execute(*like_query(picture_hash=picture_hash, customer_id=application.customer_id))
            yield from cursor.fetchall()


def _by_device(application: KycApplication, at: datetime) -> Iterator[Duplicate]:
    """The same browser from the same address, lately. Many share an address of a phone network: both must agree."""
    own = Session.objects.filter(user_id=application.customer_id, last_ip__isnull=False).order_by("-id")[
        :MOST
    ]
    seen = {(str(session.last_ip), session.user_agent) for session in own if session.user_agent}
    if not seen:
        return
    others = Session.objects.filter(
        last_ip__in={ip for ip, _agent in seen}, last_seen_at__gt=at - timedelta(days=DEVICE_DAYS)
    ).exclude(user_id=application.customer_id)
    found = {
        session.user_id: session
        for session in others.filter(user__customer__isnull=False).order_by("-id")[: MOST * 10]
        if (str(session.last_ip), session.user_agent) in seen
    }
    for customer_id in list(found)[:MOST]:
        yield Duplicate(_("Device and address"), customer_id)
