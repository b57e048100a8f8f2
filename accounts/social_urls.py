"""Under /accounts/: to a provider and back, and the page of what is linked.

allauth's views ask the provider inside the request's transaction, as everything under /accounts/ runs. That holds a
connection for the length of two or three calls of at most five seconds each; `/auth/v1` asks outside of it. Here one
function of allauth both asks and signs in, with nothing between the two at which a transaction could begin.
"""

from allauth.socialaccount import views
from django.urls import include, path

from accounts.views.identities import connections

urlpatterns = [
    path("social/login/cancelled/", views.login_cancelled, name="socialaccount_login_cancelled"),
    path("social/login/error/", views.login_error, name="socialaccount_login_error"),
    path("social/", connections, name="socialaccount_connections"),
    path("", include("allauth.socialaccount.providers.openid_connect.urls")),
    path("", include("allauth.socialaccount.providers.github.urls")),
]
