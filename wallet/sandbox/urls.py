"""Mounted at /sandbox/paystack/, so that this prefix is the base address of the adapter."""

from django.urls import path

from wallet.sandbox import (
    account_api,
    api,
    control_views,
    direct_charge_api,
    identity_api,
    ledger_api,
    refund_api,
    transfer_api,
    views,
)
from wallet.sandbox.wire import by_method

app_name = "sandbox"

urlpatterns = [
    path("", control_views.control, name="control"),
    path("control/balance", control_views.change_balance, name="change_balance"),
    path("control/charges/<int:charge_id>/dispute", control_views.raise_dispute, name="raise_dispute"),
    path("control/charges/<int:charge_id>/dial", control_views.dial, name="dial"),
    path("control/deposits", control_views.pay_in, name="pay_in"),
    path("control/disputes/<int:dispute_id>", control_views.decide_dispute, name="decide_dispute"),
    path("control/refunds/<int:refund_id>", control_views.decide_refund, name="decide_refund"),
    path("control/settle", control_views.settle, name="settle"),
    path(
        "control/settlements/<int:settlement_id>", control_views.decide_settlement, name="decide_settlement"
    ),
    path("control/set-up", control_views.set_up, name="set_up"),
    path("control/transfers/<int:transfer_id>", control_views.decide_transfer, name="decide_transfer"),
    path("charge", direct_charge_api.charge),
    path("charge/submit_birthday", direct_charge_api.submit_birthday),
    path("charge/submit_otp", direct_charge_api.submit_otp),
    path("charge/submit_phone", direct_charge_api.submit_phone),
    path("charge/submit_pin", direct_charge_api.submit_pin),
    path("charge/<str:reference>", direct_charge_api.charge_one),
    path("checkout/<slug:access_code>", views.checkout, name="checkout"),
    path("faults/clear", control_views.clear_faults, name="clear_faults"),
    path("deliveries/<int:delivery_id>/resend", control_views.resend, name="resend"),
    path("deposits", account_api.deposit),
    path("dedicated_account", by_method(POST=account_api.account, GET=account_api.accounts)),
    path("dedicated_account/assign", account_api.assign),
    path("dedicated_account/available_providers", account_api.providers),
    path("dedicated_account/requery", account_api.requery),
    path(
        "dedicated_account/<str:reference>",
        by_method(GET=account_api.account_one, DELETE=account_api.account_delete),
    ),
    path("dispute", refund_api.dispute_list),
    path("dispute/<str:reference>", refund_api.dispute_one),
    path("dispute/<str:reference>/resolve", refund_api.dispute_resolve),
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
    path("settlement", ledger_api.settlement_list),
    path("settlement/<str:reference>/transactions", ledger_api.settlement_charges),
    path("refund", by_method(POST=refund_api.refund, GET=refund_api.refund_list)),
    path("refund/retry_with_customer_details/<str:reference>", refund_api.refund_retry),
    path("refund/<str:reference>", refund_api.refund_one),
    path("transaction/charge_authorization", api.charge_authorization),
    path("transaction/initialize", api.initialize, name="initialize"),
    path("transaction/verify/<str:reference>", api.verify, name="verify"),
]
