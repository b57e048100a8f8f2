"""What the sanctions lists may say of an applicant, as the case screen shows it and a decision asks it."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from accounts.models import KycApplication, ScreeningHit

OPEN, CLEARED, CONFIRMED = (str(state) for state in ScreeningHit.State)


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
    """Return every hit on the applicant, likest first, whatever became of it."""
    found = ScreeningHit.objects.filter(customer_id=application.customer_id).order_by("-score", "id")
    return [
        Hit(
            row.pk,
            row.list_name,
            str(row.entry.get("name", "")),
            " · ".join(str(row.entry[key]) for key in ("born", "country", "programme") if row.entry.get(key)),
            row.score,
            row.state,
            row.get_state_display(),
        )
        for row in found
    ]
