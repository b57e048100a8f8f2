"""Mounted at /sandbox/xpress-wallet/, so that this prefix is the base address of the adapter."""

from django.urls import path

from wallet.sandbox import control_views
from wallet.sandbox.companies import XPRESS_WALLET
from wallet.sandbox.xpress_wallet import api, views

app_name = "sandbox_xpress_wallet"

OURS = {"company": XPRESS_WALLET}

urlpatterns = [
    path("", views.control, name="control"),
    path("control/balance", views.change_balance, name="change_balance"),
    path("control/deposits", views.pay_in, name="pay_in"),
    path("control/payouts/<int:row_id>", views.decide, name="decide"),
    path("faults/clear", control_views.clear_faults, OURS, name="clear_faults"),
    path("deliveries/<int:delivery_id>/resend", control_views.resend, OURS, name="resend"),
    path("customer/phone", api.customer_by_phone),
    path("merchant/transaction/<str:reference>", api.merchant_transaction),
    path("merchant/transactions", api.merchant_transactions),
    path("merchant/wallet", api.merchant_wallet),
    path("transfer/account/details", api.account_details),
    path("transfer/bank", api.transfer),
    path("transfer/banks", api.bank_list),
    path("wallet", api.open_wallet),
    path("wallet/close", api.close_wallet),
    path("wallet/customer", api.wallet_of_customer),
]
