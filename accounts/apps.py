from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People")

    def ready(self) -> None:
        # Their models and receivers need the models of the apps listed after this one.
        from accounts import browser, factors, security_signals  # noqa: F401
