from allauth.account import views as account
from django.conf import settings
from django.contrib import admin
from django.urls import include, path, re_path

from accounts.step_up import log_in_required_lately, step_up_required
from core import views
from realtime.metrics import metrics
from wallet.views import documents

handler400 = "core.views.bad_request"
handler403 = "core.views.forbidden"
handler404 = "core.views.not_found"
handler429 = "core.views.too_many"
handler500 = "core.views.server_error"

# A password is never kept to be sent again.
guarded = step_up_required(enrol=False, keep=False)

urlpatterns = [
    path("", views.welcome, name="welcome"),
    path("help/", views.help_page, name="help"),
    path("preferences/theme/", views.theme, name="theme"),
    path("preferences/balances/", views.balances, name="balances"),
    path("livez", views.livez, name="livez"),
    path("metrics", metrics, name="metrics"),
    path("accounts/password/change/", guarded(account.password_change), name="account_change_password"),
    path(
        "accounts/password/set/",
        log_in_required_lately(guarded(account.password_set)),
        name="account_set_password",
    ),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("accounts.factor_urls")),
    path("accounts/", include("accounts.social_urls")),
    path("", include("accounts.idp.urls")),
    path("auth/v1/", include("accounts.wire.urls")),
    path("storage/v1/", include("storage_app.wire.urls")),
    path("realtime/v1/", include("realtime.wire.urls")),
    path("staff/", admin.site.urls),
    path("api/", include("config.api_urls")),
    # Before the pages about who one is, which begin alike: a code has more letters than any of their names.
    re_path(r"^verify/(?P<code>[0-9A-Za-z-]{20,40})/$", documents.verify, name="verify_document"),
    path("verify/", include("accounts.kyc_urls")),
    path("", include("accounts.urls")),
    path("", include("storage_app.urls")),
    path("", include("savings.urls")),
    path("", include("credit.urls")),
    path("", include("wallet.urls")),
]

if settings.SANDBOX:
    urlpatterns += [
        path("sandbox/paystack/", include("wallet.sandbox.urls")),
        path("sandbox/xpress-pay/", include("wallet.sandbox.xpress_pay.urls")),
        path("sandbox/xpress-wallet/", include("wallet.sandbox.xpress_wallet.urls")),
        path("sandbox/id/", include("accounts.sandbox.urls")),
        path("sandbox/bureaux/", include("credit.sandbox.urls")),
        path("dev/", include("core.dev.urls")),
    ]
