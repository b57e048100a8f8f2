"""Apps that act for a person: what each may do, since when, and shutting one out."""

from allauth.idp.oidc.adapter import get_adapter
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.requests import PersonRequest
from accounts.services import apps


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def connected_apps(request: PersonRequest) -> HttpResponse:
    if request.method == "POST":
        client_id = request.POST.get("app", "")[:100]
        try:
            apps.shut_out(user_id=request.user.pk, client_id=client_id, reason="by_owner", at=timezone.now())
            messages.success(request, _("The app has no access any more."))
        except apps.AppNotFound as error:
            messages.error(request, str(error))
        return redirect("connected_apps")
    words = get_adapter().scope_display
    shown = [
        {"grant": grant, "words": [words.get(scope, scope) for scope in grant.scopes]}
        for grant in apps.granted(user=request.user)
    ]
    return render(request, "idp/connected_apps.html", {"apps": shown})
