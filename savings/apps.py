from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SavingsConfig(AppConfig):
    name = "savings"
    verbose_name = _("Savings")

    def ready(self) -> None:
        from savings.closing import require_days_closed
        from wallet.services.periods import require_before_closing

        require_before_closing(require_days_closed)
