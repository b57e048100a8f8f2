from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WalletConfig(AppConfig):
    name = "wallet"
    verbose_name = _("Wallet")

    def ready(self) -> None:
        # Whoever makes a key chooses among all scopes, also where no address of the API has been looked at yet.
        # It needs the models, which are not there yet when this module is read.
        from accounts import referral_signals
        from wallet import notices, personal
        from wallet.api import scopes  # noqa: F401
        from wallet.services import approved, cards

        approved.register()
        personal.register()
        notices.register()
        referral_signals.register("SAME_CARD", cards.same_card)
