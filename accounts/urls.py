from django.urls import path

from accounts.views import account_life, security, sessions

urlpatterns = [
    path("security/", security.overview, name="security"),
    path("security/sessions/", sessions.session_list, name="sessions"),
    path("security/history/", security.history, name="security_history"),
    path("security/report/", security.report, name="security_report"),
    path("security/reported/", security.reported, name="security_reported"),
    path("security/unlock/", security.unlock, name="security_unlock"),
    path("security/export/", account_life.export, name="account_export"),
    path("security/close/", account_life.close, name="account_close"),
    path("security/closed/", account_life.closed, name="account_closed"),
]
