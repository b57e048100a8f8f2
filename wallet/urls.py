from django.urls import path

from wallet import webhook_views
from wallet.views import activity, bank_accounts, deposits, home, limits, transfers, withdrawals

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
    path("bank-accounts/", bank_accounts.bank_accounts, name="bank_accounts"),
    path("bank-accounts/add/", bank_accounts.add, name="bank_account_add"),
    path("bank-accounts/confirm/", bank_accounts.confirm, name="bank_account_confirm"),
    path("bank-accounts/<uuid:account_id>/remove/", bank_accounts.remove, name="bank_account_remove"),
    path("bank-accounts/<uuid:account_id>/default/", bank_accounts.make_default, name="bank_account_default"),
    path("withdraw/", withdrawals.withdraw, name="withdraw"),
    path("withdraw/cost/", withdrawals.cost, name="withdraw_cost"),
    path("withdraw/confirm/", withdrawals.confirm, name="withdraw_confirm"),
    path("withdrawals/<uuid:payout_id>/", withdrawals.withdrawal, name="withdrawal"),
    path("webhooks/paystack/", webhook_views.paystack, name="webhook_paystack"),
]
