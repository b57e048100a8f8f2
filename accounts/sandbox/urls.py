"""Mounted at /sandbox/id/, the provider's issuer."""

from django.urls import path

from accounts.sandbox import views

app_name = "sandbox_id"

urlpatterns = [
    path(".well-known/openid-configuration", views.configuration, name="configuration"),
    path("authorize", views.authorize, name="authorize"),
    path("token", views.token, name="token"),
    path("userinfo", views.userinfo, name="userinfo"),
    path("jwks", views.jwks, name="jwks"),
]
