"""The staff site at /staff/: the admin of every app, behind a second factor."""

from collections.abc import Callable, Iterator
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.contrib import admin
from django.contrib.admin.views.main import SEARCH_VAR
from django.contrib.auth.decorators import login_not_required
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from accounts import audit, step_up
from accounts.history_panels import history_of
from accounts.people_found import people
from core import staff_figures, staff_versions
from core.encryption import blind_index
from core.masking import masked_text
from core.staff import EMPTY, Panel

# Packages bring forms of their own that would write past our services: only these apps' pages are taken in.
OURS = frozenset(
    ["core", "accounts", "storage_app", "realtime", "wallet", "savings", "credit", "marketplace", "memory"]
)


class StaffAdminSite(admin.AdminSite):
    """Only staff whose session passed a second factor get in; the admin's own log-in form is never used."""

    site_header = _("Alajo staff")
    site_title = _("Alajo staff")
    index_title = _("Overview")
    enable_nav_sidebar = False
    empty_value_display = EMPTY

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        models: list[Any] = (
            [model_or_iterable] if isinstance(model_or_iterable, type) else list(model_or_iterable)
        )
        ours = [model for model in models if model._meta.app_label in OURS]
        super().register(ours, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and verified(request.user)

    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Send a stranger to sign in, staff to prove a second factor or set one up, and others home."""
        user = request.user
        if user.is_authenticated and (not user.is_staff or verified(user)):
            return redirect("home" if not user.is_staff else "admin:index")
        if not user.is_authenticated:
            way = reverse("account_login")
        else:
            way = step_up.proof_url(user) if is_mfa_enabled(user) else reverse("mfa_activate_totp")
        target = request.GET.get("next") or reverse("admin:index")
        return redirect(f"{way}?{urlencode({'next': target})}")

    def logout(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("account_logout")

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("account_change_password")

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The figures that this person may look behind."""
        groups = staff_figures.overview(at=timezone.now(), sees=self._sees(request))
        return super().index(request, {**(extra_context or {}), "groups": groups})

    def get_urls(self) -> list[Any]:
        return [path("rules/", self.admin_view(self.rules), name="rules"), *super().get_urls()]

    def rules(self, request: HttpRequest) -> HttpResponse:
        """All dated rules, from when to when each holds, that this person may look at."""
        found = staff_versions.panels(on=timezone.localdate(), sees=self._sees(request))
        context = {
            **self.each_context(request),
            "title": _("Rules and since when they hold"),
            "panels": found,
        }
        return TemplateResponse(request, "admin/rules.html", context)

    def _sees(self, request: HttpRequest) -> Callable[[type[Model]], bool]:
        return lambda model: self.get_model_admin(model).has_view_permission(request)

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        """No form of ours looks rows up as one types, and what it answers would name people unmasked."""
        raise Http404

    def names_somebody(self, term: str) -> bool:
        """Whether a search in a list is one for a person, by how they are reached or known."""
        return bool(term.strip()) and ("@" in term or people(term.strip()).exists())

    def after_proof(self, view: Any) -> Any:
        """Ask for a second factor once more before a view of the site."""
        return step_up.step_up_required(view)

    def history_url(self, request: HttpRequest, obj: Model) -> str:
        """Return the address of everything the audit trail says of an object, for who may read the trail."""
        if not request.user.has_perm("accounts.view_auditevent"):
            return ""
        query = urlencode({"target_type": obj._meta.label_lower, "target_id": str(obj.pk)})
        return f"{reverse('admin:accounts_auditevent_changelist')}?{query}"

    def history_of(self, obj: Model) -> Iterator[Panel]:
        """The tables of what an object's row was before."""
        return history_of(obj, revealed=getattr(obj, "revealed", False))

    def note_list(self, request: HttpRequest, model: type[Model]) -> None:
        """Write into the trail that somebody opened a list of people, or looked for one by their address."""
        asked = {name: masked_text(str(value))[:200] for name, value in request.GET.items() if value}
        wanted = str(request.GET.get(SEARCH_VAR, "")).strip().lower()
        facts: dict[str, Any] = (
            {"address": blind_index(wanted, purpose="sign-in")} if "@" in wanted[1:] else {}
        )
        audit.record(
            action=f"{model._meta.app_label}.{model._meta.model_name}.listed",
            actor_id=request.user.pk,
            asked=asked,
            **facts,
        )


def verified(user: Any) -> bool:
    """Whether this session passed a second factor: django-otp's middleware puts the question on the user."""
    return bool(user.is_verified())
