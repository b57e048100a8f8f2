"""What lenders may see: applications that take offers, as far as their applicants show them."""

from credit.models import Application
from credit.refusals import NotOnMarket


def refuse_off_market(application: Application) -> None:
    """Let an application pass that takes offers and is shown to lenders. Raises NotOnMarket."""
    if not Application.objects.on_the_market().filter(pk=application.pk).exists():
        raise NotOnMarket
