from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SavingsConfig(AppConfig):
    name = "savings"
    verbose_name = _("Savings")

    def ready(self) -> None:
        from savings import plan_notices
        from savings.services import approved

        approved.register()
        plan_notices.register()
