"""Files for the bureaux are handed over, the oldest first at each, under one key however often.

A worker that died after the bureau took the file leaves no row of it: the same bytes are sent again under the same key,
and the bureau answers with the receipt that it gave.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef

from accounts import audit
from core import outbound
from core.actors import acting_as_service
from credit import bureaux
from credit.bureaux import Refused, SearchFailed
from credit.models import BureauFile, FileDelivery
from credit.services.returns import content_of

Outcome = FileDelivery.Outcome
# How long after a try that failed the next one is, and so on every day.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (2, 10, 60, 360, 1440))


def files_waiting() -> list[BureauFile]:
    """Return the oldest file of each bureau that it has not taken. Needs the service."""
    taken = FileDelivery.objects.filter(file=OuterRef("pk"), outcome=Outcome.TAKEN)
    waiting = BureauFile.objects.filter(bureau__in=bureaux.codes()).exclude(Exists(taken))
    return list(waiting.order_by("bureau", "of_return__month").distinct("bureau"))


def files_due(*, at: datetime) -> list[UUID]:
    """Return those of them of which the next try is due."""
    with acting_as_service():
        return [file.pk for file in files_waiting() if _due(file) <= at]


def send_file(*, file_id: UUID, at: datetime) -> FileDelivery:
    """Hand a file to its bureau, and write down what came of it; one that was taken is not sent again.

    Outside every transaction.
    """
    outbound.require_no_transaction()
    with acting_as_service():
        file = BureauFile.objects.get(pk=file_id)
        found = FileDelivery.objects.filter(file=file, outcome=Outcome.TAKEN).first()
    if found is not None:
        return found
    content = content_of(file)
    try:
        receipt = bureaux.bureau_of(file.bureau).submit(content, key=file.pk.hex, sha256=file.sha256)
    except SearchFailed as failed:
        # Nothing of the answer's body is kept: it may repeat lines of the file.
        outcome = Outcome.REFUSED if isinstance(failed, Refused) else Outcome.FAILED
        return _note(file, at, outcome, detail=f"{failed.name}: {failed}"[:200])
    return _note(file, at, Outcome.TAKEN, receipt=receipt[:80])


def _due(file: BureauFile) -> datetime:
    tries = list(file.deliveries.order_by("-at").values_list("at", flat=True)[: len(WAITS)])
    return tries[0] + WAITS[len(tries) - 1] if tries else file.made_at


def _note(file: BureauFile, at: datetime, outcome: str, **facts: str) -> FileDelivery:
    with acting_as_service():
        try:
            with transaction.atomic():
                made = FileDelivery.objects.create(file=file, at=at, outcome=outcome, **facts)
        except IntegrityError:
            # Another worker handed it over in the same moment: the bureau took the same bytes once.
            return FileDelivery.objects.get(file=file, outcome=Outcome.TAKEN)
        audit.record(
            action=f"credit.bureau_file.{outcome.lower()}",
            target=file,
            bureau=file.bureau,
            sha256=file.sha256,
        )
        return made
