from django.urls import path

from accounts.views import apps, sessions

urlpatterns = [
    path("security/sessions/", sessions.session_list, name="sessions"),
    path("security/apps/", apps.connected_apps, name="connected_apps"),
]
