from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CreditConfig(AppConfig):
    name = "credit"
    verbose_name = _("Credit")

    def ready(self) -> None:
        # Whoever makes a key chooses among all scopes, and hears of all events.
        # It needs the models, which are not there yet when this module is read.
        from accounts import life

        # Whoever gives an app its rights chooses among all scopes, also where no address was looked at yet.
        from credit import (
            demo,
            lender_events,  # noqa: F401
            loan_reasons,
            notices,
            personal,
        )
        from credit.api import scopes  # noqa: F401
        from credit.services import approved, lenders
        from wallet import demo as wallet_demo

        approved.register()
        loan_reasons.register()
        notices.register()
        personal.register()
        life.closing_organization.connect(lenders.close, dispatch_uid="credit.lenders.close")
        wallet_demo.chapters.append(demo.tell)
