from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People")

    def ready(self) -> None:
        # Their models and receivers need the models of the apps listed after this one.
        # What organisations are told of, known in every process.
        from accounts import (  # noqa: F401
            approval_notices,
            approvals,
            browser,
            device_marks,
            factors,
            failed_task_signals,
            kyc_notices,
            organization_events,
            referral_words,
            roles,
            security_signals,
            social,
        )

        # Whoever makes a key chooses among all scopes, also where no address of the API has been looked at yet.
        from accounts.api.organizations import scopes  # noqa: F401
        from accounts.api.webhooks import scopes as webhook_scopes  # noqa: F401
        from accounts.services.referrals import approved

        approvals.register(approved.ACTION)
        approval_notices.register()
        kyc_notices.register()
        referral_words.register()
        post_migrate.connect(roles.install_after_migrations, dispatch_uid="accounts.roles")
