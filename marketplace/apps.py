from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MarketplaceConfig(AppConfig):
    name = "marketplace"
    verbose_name = _("Marketplace")

    def ready(self) -> None:
        # It needs the models, which are not there yet when this module is read.
        from accounts import life
        from marketplace import personal
        from marketplace.services import approved, sellers

        approved.register()
        personal.register()
        life.closing_organization.connect(sellers.close, dispatch_uid="marketplace.sellers.close")
