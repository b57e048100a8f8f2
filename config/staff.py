"""The staff site at /staff/: the admin of every app, behind a second factor."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _


class StaffAdminSite(admin.AdminSite):
    """Only staff whose session passed a second factor get in; the admin's own log-in form is never used."""

    site_header = _("Alajo staff")
    site_title = _("Alajo staff")
    index_title = _("Overview")

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and request.user.is_verified()

    def login(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        """Send a stranger to sign in, staff without a second factor to set one up, and others away."""
        user = request.user
        target = request.GET.get("next") or reverse("admin:index")
        if not user.is_authenticated:
            return redirect(f"{reverse('account_login')}?{urlencode({'next': target})}")
        if user.is_staff and not user.is_verified():
            return redirect("mfa_index")
        return redirect("home")
