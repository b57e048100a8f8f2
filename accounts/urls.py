from django.urls import path

from accounts.views import (
    account_life,
    api_keys,
    apps,
    organization_people,
    organizations,
    security,
    sessions,
)

urlpatterns = [
    path("security/", security.overview, name="security"),
    path("security/sessions/", sessions.session_list, name="sessions"),
    path("organizations/", organizations.organization_list, name="organizations"),
    path("organizations/current/", organizations.organization_switch, name="organization_switch"),
    path("organizations/join/<str:token>/", organization_people.organization_join, name="organization_join"),
    path("organizations/<slug:slug>/", organizations.organization_page, name="organization"),
    path("organizations/<slug:slug>/rename/", organizations.organization_rename, name="organization_rename"),
    path("organizations/<slug:slug>/leave/", organizations.organization_leave, name="organization_leave"),
    path("organizations/<slug:slug>/close/", organizations.organization_close, name="organization_close"),
    path(
        "organizations/<slug:slug>/invitations/",
        organization_people.organization_invite,
        name="organization_invite",
    ),
    path(
        "organizations/<slug:slug>/invitations/<uuid:invitation_id>/resend/",
        organization_people.invitation_resend,
        name="invitation_resend",
    ),
    path(
        "organizations/<slug:slug>/invitations/<uuid:invitation_id>/withdraw/",
        organization_people.invitation_withdraw,
        name="invitation_withdraw",
    ),
    path(
        "organizations/<slug:slug>/members/<uuid:membership_id>/",
        organization_people.organization_member,
        name="organization_member",
    ),
    path(
        "organizations/<slug:slug>/members/<uuid:membership_id>/remove/",
        organization_people.organization_remove,
        name="organization_remove",
    ),
    path("organizations/<slug:slug>/keys/", api_keys.key_list, name="api_keys"),
    path("organizations/<slug:slug>/keys/new/", api_keys.key_make, name="api_key_make"),
    path("organizations/<slug:slug>/keys/<uuid:key_id>/change/", api_keys.key_change, name="api_key_change"),
    path("organizations/<slug:slug>/keys/<uuid:key_id>/roll/", api_keys.key_roll, name="api_key_roll"),
    path("organizations/<slug:slug>/keys/<uuid:key_id>/revoke/", api_keys.key_revoke, name="api_key_revoke"),
    path("security/apps/", apps.connected_apps, name="connected_apps"),
    path("security/history/", security.history, name="security_history"),
    path("security/report/", security.report, name="security_report"),
    path("security/reported/", security.reported, name="security_reported"),
    path("security/unlock/", security.unlock, name="security_unlock"),
    path("security/export/", account_life.export, name="account_export"),
    path("security/close/", account_life.close, name="account_close"),
    path("security/closed/", account_life.closed, name="account_closed"),
]
