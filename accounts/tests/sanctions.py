"""Sanctions lists for tests."""

import io
from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone

from accounts.models import SanctionsEntry, SanctionsList, ScreeningHit, User
from accounts.services.kyc.sanctions_loading import load
from core.actors import acting_as_service

HEAD = "id,name,aliases,born,country,programme"


def csv(*rows: str, head: str = HEAD) -> bytes:
    return "\r\n".join([head, *rows, ""]).encode()


def load_rows(*rows: str, name: str = "UN", at: datetime | None = None) -> SanctionsList:
    """Load a list with these rows; nobody is screened against it by that."""
    return load_bytes(csv(*rows), name=name, at=at)


def load_bytes(raw: bytes, *, name: str = "UN", at: datetime | None = None) -> SanctionsList:
    return load(file=io.BytesIO(raw), name=name, source="", at=at or timezone.now())[0]


def listed() -> list[str]:
    with acting_as_service():
        return list(
            SanctionsEntry.objects.filter(load__active=True)
            .order_by("external_id")
            .values_list("name", flat=True)
        )


def hits(user: User) -> list[tuple[str, str]]:
    """The hits of a customer: which entry, and what was decided."""
    with acting_as_service():
        rows = ScreeningHit.objects.filter(customer_id=user.pk).order_by("external_id", "id")
        return list(rows.values_list("external_id", "state"))


def hit_of(user: User, external_id: str = "1") -> ScreeningHit:
    with acting_as_service():
        return ScreeningHit.objects.filter(customer_id=user.pk, external_id=external_id).latest("id")


def rows_of(people: Iterable[tuple[str, str]]) -> list[str]:
    return [f"{key},{name},,,," for key, name in people]
