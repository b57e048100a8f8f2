from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CreditConfig(AppConfig):
    name = "credit"
    verbose_name = _("Credit")

    def ready(self) -> None:
        # Whoever makes a key chooses among all scopes, and hears of all events.
        # It needs the models, which are not there yet when this module is read.
        from accounts import life
        from credit import loan_reasons, notices, personal

        # Whoever gives an app its rights chooses among all scopes, also where no address was looked at yet.
        from credit import lender_events, loan_reasons, notices, personal  # noqa: F401
        from credit.api import scopes  # noqa: F401
        from credit import demo, loan_reasons, notices, personal
        from credit.services import approved, lenders
        from wallet import demo as wallet_demo

        approved.register()
        loan_reasons.register()
        notices.register()
        personal.register()
        life.closing_organization.connect(lenders.close, dispatch_uid="credit.lenders.close")
        wallet_demo.chapters.append(demo.tell)
