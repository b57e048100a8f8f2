from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CreditConfig(AppConfig):
    name = "credit"
    verbose_name = _("Credit")

    def ready(self) -> None:
        # It needs the models, which are not there yet when this module is read.
        from accounts import approvals
        from credit import notices
        from credit.services import cards

        approvals.register(cards.ACTION)
        notices.register()
