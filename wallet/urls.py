from django.urls import include, path

from wallet import webhook_views
from wallet.views import activity, deposits, home, limits, paying, transfers

urlpatterns = [
    path("home/", home.home, name="home"),
    path("home/summary/", home.summary, name="home_summary"),
    path("activity/", activity.activity, name="activity"),
    path("transactions/<uuid:transaction_id>/", activity.transaction, name="transaction"),
    path("transactions/<uuid:transaction_id>/report/", activity.report, name="report_problem"),
    path("send/", transfers.send, name="send"),
    path("send/confirm/", transfers.confirm, name="send_confirm"),
    path("limits/", limits.limits, name="limits"),
    path("paused/<uuid:paused_id>/", transfers.resume, name="paused"),
    path("paused/<uuid:paused_id>/dismiss/", limits.dismiss, name="paused_dismiss"),
    path("add-money/", deposits.add_money, name="add_money"),
    path("add-money/return/", deposits.back_from_gateway, name="add_money_return"),
    path("payments/<uuid:payment_id>/", deposits.payment, name="payment"),
    path("pay/done/<str:token>/", paying.done, name="pay_done"),
    path("pay/done/<str:token>/back/", paying.back, name="pay_back"),
    path("pay/<str:slug>/", paying.pay_link, name="pay_link"),
    path("pay/<str:slug>/confirm/", paying.confirm, name="pay_confirm"),
    path("organizations/<slug:slug>/payments/", include("wallet.merchant_urls")),
    path("", include("wallet.request_urls")),
    path("webhooks/paystack/", webhook_views.paystack, name="webhook_paystack"),
]
