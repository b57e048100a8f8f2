"""Mounted at /sandbox/paystack/, so that this prefix is the base address of the adapter."""

from django.urls import path

from wallet.sandbox import api, identity_api, ledger_api, transfer_api, views
from wallet.sandbox.wire import by_method

app_name = "sandbox"

urlpatterns = [
    path("", views.control, name="control"),
    path("checkout/<slug:access_code>", views.checkout, name="checkout"),
    path("faults/clear", views.clear_faults, name="clear_faults"),
    path("deliveries/<int:delivery_id>/resend", views.resend, name="resend"),
    path("faults", api.add_fault, name="faults"),
    path("balance", ledger_api.balance, name="balance"),
    path("balance/ledger", ledger_api.rows, name="ledger"),
    path("bank", transfer_api.bank, name="bank"),
    path("bank/resolve", transfer_api.resolve, name="resolve"),
    path("customer", identity_api.customer, name="customer"),
    path("customer/<str:reference>/identification", identity_api.identify, name="identify"),
    path("transfer", by_method(POST=transfer_api.transfer, GET=transfer_api.transfer_list)),
    path("transfer/bulk", transfer_api.transfer_bulk),
    path("transfer/finalize_transfer", transfer_api.finalize),
    path("transfer/verify/<str:reference>", transfer_api.transfer_verify),
    path("transfer/<str:reference>", transfer_api.transfer_one),
    path("transferrecipient", by_method(POST=transfer_api.recipient, GET=transfer_api.recipients)),
    path("transferrecipient/bulk", transfer_api.recipient_bulk),
    path(
        "transferrecipient/<str:reference>",
        by_method(GET=transfer_api.recipient_one, DELETE=transfer_api.recipient_delete),
    ),
    path("transaction/initialize", api.initialize, name="initialize"),
    path("transaction/verify/<str:reference>", api.verify, name="verify"),
]
