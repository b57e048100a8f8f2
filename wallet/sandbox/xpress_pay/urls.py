"""Mounted at /sandbox/xpress-pay/, so that this prefix is the base address of the adapter."""

from django.urls import path

from wallet.sandbox.xpress_pay import api, views

app_name = "sandbox_xpress_pay"

urlpatterns = [
    path("api/Payments/Initialize", api.initialize),
    path("api/Payments/VerifyPayment", api.verify),
    path("checkout/<slug:access_code>", views.checkout, name="checkout"),
]
