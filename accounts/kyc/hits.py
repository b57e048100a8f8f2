"""What the sanctions lists may say of an applicant, as the case screen shows it and a decision asks it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import KycApplication, User
from core.errors import DomainError

OPEN, CLEARED, CONFIRMED = "OPEN", "CLEARED", "CONFIRMED"


class HitNotFound(DomainError):
    code = "kyc_hit_not_found"
    kind = "not_found"
    message = _("There is no such hit, or a colleague has settled it already.")


@dataclass(frozen=True)
class Hit:
    """An entry of a list whose name is near the applicant's; `score` from 0 to 1."""

    id: UUID
    source: str
    name: str
    detail: str
    score: Decimal
    state: str
    state_label: str


def hits_of(application: KycApplication) -> list[Hit]:
    """Return every hit of this application's latest screening. No list is loaded, so there is none."""
    return []


def settle(*, hit_id: UUID, confirmed: bool, by: User, reason: str, at: datetime) -> None:
    """Say that a hit is the applicant, or is not. Raises HitNotFound."""
    raise HitNotFound
