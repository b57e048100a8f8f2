from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SavingsConfig(AppConfig):
    name = "savings"
    verbose_name = _("Savings")

    def ready(self) -> None:
        # It needs the models, which are not there yet when this module is read. Whoever gives an app its rights chooses
        # among all scopes, also where no address of the API was looked at yet.
        from savings import demo, notices, personal, plan_notices, reasons
        from savings.api import scopes  # noqa: F401
        from savings.closing import require_days_closed
        from savings.services import approved
        from wallet import demo as wallet_demo
        from wallet.services.periods import require_before_closing

        approved.register()
        plan_notices.register()
        require_before_closing(require_days_closed)
        notices.register()
        personal.register()
        reasons.register()
        wallet_demo.chapters.append(demo.tell)
