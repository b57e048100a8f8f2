from django.urls import path

from wallet.views import (
    merchant_banks,
    merchant_daily,
    merchant_links,
    merchant_money,
    merchant_settling,
    merchants,
)

urlpatterns = [
    path("", merchants.overview, name="merchant"),
    path("apply/", merchants.apply, name="merchant_apply"),
    path("settings/", merchants.settings, name="merchant_settings"),
    path("settings/gateway/", merchants.gateway, name="merchant_gateway"),
    path("settings/gateway/leave/", merchants.gateway_leave, name="merchant_gateway_leave"),
    path("all/", merchant_money.payments, name="merchant_payments"),
    path("all/<uuid:sold_id>/", merchant_money.payment, name="merchant_payment"),
    path("all/<uuid:sold_id>/refund/", merchant_money.refund, name="merchant_refund"),
    path("report/", merchant_money.report, name="merchant_report"),
    path("report.csv", merchant_money.report_csv, name="merchant_report_csv"),
    path("take-out/", merchant_settling.settle, name="merchant_settle"),
    path("take-out/confirm/", merchant_settling.confirm, name="merchant_settle_confirm"),
    path("take-out/own/", merchant_settling.settle_to_wallet, name="merchant_settle_to_wallet"),
    path("take-out/daily/", merchant_daily.daily_page, name="merchant_daily"),
    path("take-out/daily/stop/", merchant_daily.stop, name="merchant_daily_stop"),
    path("take-out/<uuid:payout_id>/", merchant_settling.settlement, name="merchant_settlement"),
    path("banks/", merchant_banks.banks, name="merchant_banks"),
    path("banks/add/", merchant_banks.add, name="merchant_bank_add"),
    path("banks/confirm/", merchant_banks.confirm, name="merchant_bank_confirm"),
    path("banks/<uuid:account_id>/remove/", merchant_banks.remove, name="merchant_bank_remove"),
    path("links/", merchant_links.link_list, name="merchant_links"),
    path("links/new/", merchant_links.link_make, name="merchant_link_make"),
    path("links/<uuid:link_id>/", merchant_links.link_page, name="merchant_link"),
    path("links/<uuid:link_id>/turn/", merchant_links.link_turn, name="merchant_link_turn"),
    path("links/<uuid:link_id>/print/", merchant_links.link_print, name="merchant_link_print"),
    path("links/<uuid:link_id>/qr.<str:kind>", merchant_links.link_qr, name="merchant_link_qr"),
]
