"""The pages of second factors, under the names that allauth knows them by.

Whoever has a factor proves one before anything changes; setting up the first one asks for the password.
"""

from allauth.mfa.webauthn import views as webauthn
from django.urls import path

from accounts.step_up import step_up_required
from accounts.views import factors, proof, recovery_codes

# Their forms hold codes and answers of passkeys, which are of no use a second time.
adding = step_up_required(enrol=False, keep=False)

urlpatterns = [
    path("", factors.index, name="mfa_index"),
    path("authenticate/", proof.at_log_in, name="mfa_authenticate"),
    path("reauthenticate/", proof.by_code, name="mfa_reauthenticate"),
    path("go-on/", proof.go_on, name="mfa_go_on"),
    path("totp/activate/", adding(factors.activate_totp), name="mfa_activate_totp"),
    path("totp/deactivate/", step_up_required(factors.deactivate_totp), name="mfa_deactivate_totp"),
    path("recovery-codes/", step_up_required(recovery_codes.show), name="mfa_view_recovery_codes"),
    path(
        "recovery-codes/generate/",
        step_up_required(recovery_codes.generate),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "recovery-codes/download/",
        step_up_required(recovery_codes.download),
        name="mfa_download_recovery_codes",
    ),
    path("webauthn/", factors.index, name="mfa_list_webauthn"),
    path("webauthn/add/", adding(factors.add_passkey), name="mfa_add_webauthn"),
    path("webauthn/login/", webauthn.login_webauthn, name="mfa_login_webauthn"),
    path("webauthn/reauthenticate/", proof.by_passkey, name="mfa_reauthenticate_webauthn"),
    path("webauthn/keys/<int:pk>/edit/", step_up_required(factors.rename_passkey), name="mfa_edit_webauthn"),
    path(
        "webauthn/keys/<int:pk>/remove/", step_up_required(factors.remove_passkey), name="mfa_remove_webauthn"
    ),
]
