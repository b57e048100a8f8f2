from django.urls import path

from accounts.views import api_keys, sessions

urlpatterns = [
    path("security/sessions/", sessions.session_list, name="sessions"),
    path("organizations/<slug:slug>/keys/", api_keys.key_list, name="api_keys"),
    path("organizations/<slug:slug>/keys/new/", api_keys.key_make, name="api_key_make"),
    path("organizations/<slug:slug>/keys/<uuid:key_id>/change/", api_keys.key_change, name="api_key_change"),
    path("organizations/<slug:slug>/keys/<uuid:key_id>/roll/", api_keys.key_roll, name="api_key_roll"),
    path("organizations/<slug:slug>/keys/<uuid:key_id>/revoke/", api_keys.key_revoke, name="api_key_revoke"),
]
