from django.urls import path, re_path

from wallet import webhook_views
from wallet.views import activity, deposits, documents, exports, home, limits, spending, statements, transfers

urlpatterns = [
    path("home/", home.home, name="home"),
    path("home/summary/", home.summary, name="home_summary"),
    path("activity/", activity.activity, name="activity"),
    path("transactions/<uuid:transaction_id>/", activity.transaction, name="transaction"),
    path("transactions/<uuid:transaction_id>/report/", activity.report, name="report_problem"),
    path("transactions/<uuid:transaction_id>/receipt/", statements.receipt, name="receipt"),
    path("transactions/<uuid:transaction_id>/why/", spending.why, name="why"),
    path("activity/export.csv", exports.csv, name="activity_csv"),
    path("activity/export.pdf", exports.pdf, name="activity_pdf"),
    path("activity/older/", statements.fetch_older, name="activity_older"),
    path("statements/", statements.statements, name="statements"),
    path("statements/<uuid:statement_id>/", statements.statement, name="statement"),
    path("statements/<uuid:statement_id>/fetch/", statements.fetch, name="statement_fetch"),
    re_path(
        r"^statements/(?P<statement_id>[0-9a-f-]{36})/statement\.(?P<ending>pdf|csv|ofx)$",
        statements.download,
        name="statement_file",
    ),
    path("spending/", spending.overview, name="spending"),
    path("spending/<int:year>/<int:number>/", spending.month, name="spending_month"),
    path("balance/", spending.balance, name="balance"),
    path("documents/", documents.verify, name="documents"),
    path("send/", transfers.send, name="send"),
    path("send/confirm/", transfers.confirm, name="send_confirm"),
    path("limits/", limits.limits, name="limits"),
    path("paused/<uuid:paused_id>/", transfers.resume, name="paused"),
    path("paused/<uuid:paused_id>/dismiss/", limits.dismiss, name="paused_dismiss"),
    path("add-money/", deposits.add_money, name="add_money"),
    path("add-money/return/", deposits.back_from_gateway, name="add_money_return"),
    path("payments/<uuid:payment_id>/", deposits.payment, name="payment"),
    path("webhooks/paystack/", webhook_views.paystack, name="webhook_paystack"),
]
