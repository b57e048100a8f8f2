"""Staff pages that show a person's data: masked until somebody says why, and whoever looks is named in the trail."""

from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.roles import REVEAL
from core.masking import DOTS, masked_email, masked_phone
from core.staff import EMPTY, ReadOnlyAdmin

SHORTEST, LONGEST = 5, 300


class PersonalAdmin(ReadOnlyAdmin):
    """A page that is written down when it is opened, as its list is."""

    personal = True
    # Whether the page has something masked to show to who has the permission and gives a reason.
    reveals: ClassVar[bool] = False

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_reveal"
        reveal = path("<path:object_id>/reveal/", self.admin_site.admin_view(self.reveal_view), name=name)
        return [reveal, *super().get_urls()] if self.reveals else super().get_urls()

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        obj = kwargs["obj"]
        if not getattr(obj, "revealed", False):
            self._note(request, "viewed", obj)
            if self.reveals and request.user.has_perm(REVEAL):
                context["reveal_url"] = reverse(
                    f"admin:{self.opts.app_label}_{self.opts.model_name}_reveal", args=[obj.pk]
                )
                context["reveal_longest"] = LONGEST
                context["reveal_error"] = getattr(request, "reveal_error", "")
        return super().render_change_form(request, context, *args, **kwargs)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        obj = super().get_object(request, object_id, from_field)
        if obj is not None and getattr(request, "reveals", False):
            obj.revealed = True
        return obj

    def reveal_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the page with nothing masked, once, to who may ask and says why. Only this answer carries it."""
        if request.method != "POST" or not request.user.has_perm(REVEAL):
            raise PermissionDenied
        obj = self.get_object(request, object_id)
        if obj is None:
            raise Http404
        if not self.has_view_permission(request, obj):
            raise PermissionDenied
        reason = " ".join(request.POST.get("reason", "").split())
        if SHORTEST <= len(reason) <= LONGEST:
            self._note(request, "revealed", obj, reason=reason)
            request.reveals = True  # type: ignore[attr-defined]
        else:
            request.reveal_error = _("Say in a few words why you need to see this.")  # type: ignore[attr-defined]
        # From here on it is the object's own page, which takes no POST.
        request.method = "GET"
        answer = self.change_view(request, object_id)
        if not getattr(request, "reveals", False):
            answer.status_code = 422
        return answer

    def _note(self, request: HttpRequest, deed: str, obj: Any, **facts: Any) -> None:
        action = f"{self.opts.app_label}.{self.opts.model_name}.{deed}"
        audit.record(action=action, target=obj, actor_id=request.user.pk, **facts)


def email_of(obj: Any, user: Any) -> str:
    """A person's address on the page of `obj`."""
    return str(user.email) if getattr(obj, "revealed", False) else masked_email(user.email)


@admin.display(description=_("Phone"))
def phone_shown(customer: Any) -> str:
    shown = customer.phone if getattr(customer, "revealed", False) else masked_phone(customer.phone)
    return shown or EMPTY


@admin.display(description=_("Date of birth"))
def date_of_birth_shown(customer: Any) -> Any:
    born = customer.date_of_birth
    if born is None:
        return EMPTY
    return born if getattr(customer, "revealed", False) else DOTS
