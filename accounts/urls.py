from django.urls import path

from accounts.views import sessions

urlpatterns = [
    path("security/sessions/", sessions.session_list, name="sessions"),
]
