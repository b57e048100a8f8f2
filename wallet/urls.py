from django.urls import path

from wallet import webhook_views
from wallet.views import account_number, activity, cards, claims, deposits, home, limits, transfers

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
    path("add-money/account-number/", account_number.ask, name="account_number_ask"),
    path("add-money/account-number/search/", account_number.search, name="account_number_search"),
    path("payments/<uuid:payment_id>/", deposits.payment, name="payment"),
    path("payments/<uuid:payment_id>/card/", cards.keep, name="card_keep"),
    path("cards/", cards.cards, name="cards"),
    path("cards/<uuid:card_id>/pay/", cards.pay, name="card_pay"),
    path("cards/<uuid:card_id>/remove/", cards.forget, name="card_forget"),
    path("refunds/<uuid:refund_id>/", claims.refund, name="refund"),
    path("disputes/<uuid:dispute_id>/", claims.dispute, name="dispute"),
    path("webhooks/paystack/", webhook_views.paystack, name="webhook_paystack"),
]
