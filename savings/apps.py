from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SavingsConfig(AppConfig):
    name = "savings"
    verbose_name = _("Savings")

    def ready(self) -> None:
        # Whoever gives an app its rights chooses among all scopes, also where no address of the API was looked at yet.
        from savings.api import scopes  # noqa: F401
