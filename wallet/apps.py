from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WalletConfig(AppConfig):
    name = "wallet"
    verbose_name = _("Wallet")

    def ready(self) -> None:
        # It needs the models, which are not there yet when this module is read.
        from wallet import personal

        personal.register()
