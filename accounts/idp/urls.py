"""Authorization code with PKCE, refresh, user info and revocation; allauth's other grants are not mounted."""

from allauth.idp.oidc import views as allauth_views
from django.urls import include, path

from accounts.idp import views

_oidc = [
    path(".well-known/openid-configuration", views.configuration, name="configuration"),
    path(".well-known/jwks.json", allauth_views.jwks, name="jwks"),
    path("identity/o/authorize", views.authorization, name="authorization"),
    path("identity/o/api/token", views.token, name="token"),
    path("identity/o/api/revoke", allauth_views.revoke, name="revoke"),
    path("identity/o/api/userinfo", allauth_views.user_info, name="userinfo"),
]

app_name = "idp"
urlpatterns = [path("", include((_oidc, "oidc")))]
