"""Mounted at /sandbox/paystack/, so that this prefix is the base address of the adapter."""

from django.urls import path

from wallet.sandbox import api, identity_api, views

app_name = "sandbox"

urlpatterns = [
    path("", views.control, name="control"),
    path("checkout/<slug:access_code>", views.checkout, name="checkout"),
    path("faults/clear", views.clear_faults, name="clear_faults"),
    path("deliveries/<int:delivery_id>/resend", views.resend, name="resend"),
    path("faults", api.add_fault, name="faults"),
    path("bank", identity_api.bank, name="bank"),
    path("bank/resolve", identity_api.resolve, name="resolve"),
    path("customer", identity_api.customer, name="customer"),
    path("customer/<str:reference>/identification", identity_api.identify, name="identify"),
    path("transaction/initialize", api.initialize, name="initialize"),
    path("transaction/verify/<str:reference>", api.verify, name="verify"),
]
