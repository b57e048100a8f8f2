"""Ways to log in: the accounts elsewhere that are linked, linking one and letting go of one."""

from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.requests import PersonRequest
from accounts.services import identities
from core.errors import DomainError


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def connections(request: PersonRequest) -> HttpResponse:
    """What is linked and what could be; a POST lets go of the account it names, once it is surely the owner."""
    refusal, status = None, 200
    if request.method == "POST":
        raise_if_reauthentication_required(request, app="allauth.socialaccount")
        try:
            unlink(request, request.user, request.POST.get("account", ""))
            return redirect("socialaccount_connections")
        except DomainError as error:
            refusal, status = error, 422
    names = identities.offered()
    linked = [
        {
            "account": account,
            "name": names.get(account.provider, account.provider.capitalize()),
            "as": _shown(account),
            "offered": account.provider in names,
        }
        for account in SocialAccount.objects.filter(user=request.user).order_by("pk")
    ]
    taken = {row["account"].provider for row in linked}
    context = {
        "linked": linked,
        "others": [
            provider
            for provider in get_adapter(request).list_providers(request)
            if provider.sub_id not in taken
        ],
        "refusal": refusal,
        "has_password": request.user.has_usable_password(),
    }
    return render(request, "socialaccount/connections.html", context, status=status)


def unlink(request: HttpRequest, user: User, account_id: str) -> None:
    """Let go of a linked account and tell its owner by mail; raises IdentityNotFound and LastWayIn."""
    if not account_id.isdecimal() or len(account_id) > 18:
        raise identities.IdentityNotFound
    account = identities.unlink(user=user, account_id=int(account_id))
    name = identities.offered().get(account.provider, account.provider)
    tell_unlinked(request, user, name)
    messages.success(request, _("%(provider)s no longer logs you in.") % {"provider": name})


def tell_unlinked(request: HttpRequest, user: User, name: str) -> None:
    get_adapter(request).send_notification_mail(
        "socialaccount/email/account_disconnected", user, context={"provider": name}
    )


def _shown(account: SocialAccount) -> str:
    said = account.extra_data
    return str(said.get("email") or said.get("login") or said.get("name") or "")
