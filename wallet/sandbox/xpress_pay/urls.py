"""Mounted at /sandbox/xpress-pay/, so that this prefix is the base address of the adapter."""

from django.urls import path

from wallet.sandbox import control_views
from wallet.sandbox.companies import XPRESS_PAY
from wallet.sandbox.xpress_pay import api, views

app_name = "sandbox_xpress_pay"

OURS = {"company": XPRESS_PAY}

urlpatterns = [
    path("", views.control, name="control"),
    path("faults/clear", control_views.clear_faults, OURS, name="clear_faults"),
    path("deliveries/<int:delivery_id>/resend", control_views.resend, OURS, name="resend"),
    path("api/Payments/Initialize", api.initialize),
    path("api/Payments/VerifyPayment", api.verify),
    path("checkout/<slug:access_code>", views.checkout, name="checkout"),
]
