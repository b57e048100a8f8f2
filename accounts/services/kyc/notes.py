"""What staff write to each other about an application."""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import KycApplication, KycNote, User
from core.actors import acting_as_service
from core.errors import DomainError


class NoteEmpty(DomainError):
    code = "kyc_note_empty"
    message = _("Write something, in at most 2,000 letters.")


def add_note(*, application_id: UUID, by: User, text: str, at: datetime) -> KycNote:
    """Write a note that only staff read. Raises NoteEmpty, KycApplication.DoesNotExist."""
    text = text.strip()
    if not text or len(text) > 2000:
        raise NoteEmpty
    with acting_as_service():
        application = KycApplication.objects.get(pk=application_id)
        note = KycNote.objects.create(application=application, by=by, text=text, at=at)
        audit.record(action="kyc.application.noted", target=application, actor_id=by.pk, note=str(note.pk))
    return note
