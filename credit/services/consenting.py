"""Giving consent, in words that were seen, and taking it back."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core.actors import acting_as_service
from core.errors import DomainError
from credit.consents import CURRENT
from credit.models import Application, Consent
from credit.services.locking import lock_application
from credit.states import ENDED, State, StateRefused

Kind = Consent.Kind
OVER = (*ENDED, State.CLOSED_MET)


class ConsentTextChanged(DomainError):
    """`data["kind"]` names the consent whose words are others now."""

    code = "credit_consent_text_changed"
    kind = "conflict"
    message = _("The words of what you agree to have changed. Read them again, please.")
    public = ("kind",)


def standing(application: Application, *, at: datetime) -> dict[str, Consent]:
    """Return the consents of an application that stand, by kind."""
    given = Consent.objects.filter(application=application, withdrawn_at=None)
    return {consent.kind: consent for consent in given if consent.stands(at)}


def give(*, application_id: UUID, user: User, seen: Mapping[str, str], at: datetime) -> dict[str, Consent]:
    """Agree to what was seen: by kind, the hash of its words. What stands already stays as it is.

    Returns the consents that stand. Raises ApplicationNotFound, StateRefused once all is over, ConsentTextChanged.
    """
    with acting_as_service(), transaction.atomic():
        application = lock_application(application_id, user_id=user.pk)
        _refuse_over(application, "consent")
        for kind, digest in seen.items():
            _give(application, kind, digest, at)
        return standing(application, at=at)


def withdraw(*, application_id: UUID, user: User, kind: str, at: datetime) -> None:
    """Take a consent back: from now on nothing is done that needs it. What was not given stays not given.

    Raises ApplicationNotFound.
    """
    with acting_as_service(), transaction.atomic():
        application = lock_application(application_id, user_id=user.pk)
        found = Consent.objects.filter(application=application, kind=kind, withdrawn_at=None)
        if found.update(withdrawn_at=at):
            _set_collects(application, kind, on=False)
            audit.record(action="credit.consent.withdrawn", target=application, kind=kind)


def _give(application: Application, kind: str, digest: str, at: datetime) -> None:
    text = CURRENT.get(kind)
    if text is None or text.sha256 != digest:
        raise ConsentTextChanged(kind=kind)
    given = Consent.objects.filter(application=application, kind=kind, withdrawn_at=None).first()
    if given is not None and given.stands(at) and given.sha256 == digest:
        return
    if given is not None:
        given.withdrawn_at = at
        given.save(update_fields=["withdrawn_at"])
    Consent.objects.create(
        application=application,
        kind=kind,
        version=text.version,
        sha256=digest,
        given_at=at,
        expires_at=at + text.lasts,
    )
    _set_collects(application, kind, on=True)
    audit.record(action="credit.consent.given", target=application, kind=kind, version=text.version)


def _set_collects(application: Application, kind: str, *, on: bool) -> None:
    """Instalments are taken by themselves while somebody agrees to that."""
    if kind == Kind.COLLECTION and application.collects != on:
        application.collects = on
        application.save(update_fields=["collects"])


def _refuse_over(application: Application, event: str) -> None:
    if application.state in OVER:
        raise StateRefused(state=application.state, event=event)
