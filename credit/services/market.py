"""What lenders may see: applications that take offers, as far as their applicants show them."""

from datetime import datetime

from django.db.models import Exists, OuterRef

from credit.models import Application, Consent
from credit.models.applications import ApplicationQuerySet
from credit.refusals import NotOnMarket


def refuse_off_market(application: Application, at: datetime) -> None:
    """Let an application pass that takes offers and is shown to lenders. Raises NotOnMarket."""
    if not shown_to_lenders(at).filter(pk=application.pk).exists():
        raise NotOnMarket


def shown_to_lenders(at: datetime) -> ApplicationQuerySet:
    """The applications that take offers and whose applicants show lenders what they released."""
    consents = Consent.objects.filter(
        application=OuterRef("pk"),
        kind=Consent.Kind.SHARE_FILE,
        withdrawn_at=None,
        given_at__lte=at,
        expires_at__gt=at,
    )
    return Application.objects.on_the_market().filter(Exists(consents))
