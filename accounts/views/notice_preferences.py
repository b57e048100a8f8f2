"""What somebody wants to be told: the page of choices, and the link in a mail that works logged out."""

from http import HTTPStatus

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts import notice_kinds, unsubscribing
from accounts.models import Channel, Customer, User
from accounts.notice_forms import PreferencesForm
from accounts.requests import PersonRequest
from accounts.services import preferences as choosing
from accounts.unsubscribing import BadLink, Wish
from core.actors import acting_as_service
from core.api.ratelimit import count
from core.errors import DomainError
from core.middleware import client_ip
from core.views import slow_down

# Programs of mail providers press for many people from one address: who holds a good link is counted by the link.
BY_ADDRESS, BY_LINK = "60/5minutes", "30/hour"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: PersonRequest) -> HttpResponse:
    user = request.user
    form = PreferencesForm(
        request.POST if request.method == "POST" else None,
        chosen=choosing.chosen_by(user_ids=[user.pk]).get(user.pk, {}),
        settings=choosing.settings_of(user=user),
        staff=user.is_staff,
        phone=Customer.objects.filter(user=user).exclude(phone="").exists(),
    )
    if form.is_valid():
        try:
            choosing.set_timing(user=user, timing=form.timing)
        except DomainError as refusal:
            form.add_error("quiet_until", str(refusal))
        else:
            choosing.choose(user=user, choices=form.choices)
            messages.success(request, _("This is how we reach you from now on."))
            return redirect("notice_preferences")
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "notices/preferences.html", {"form": form}, status=status)


@csrf_exempt
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Switch a kind of mail off by its link. The link is the right: whoever is logged in does not matter.

    A GET only asks, since programs that look through mails follow their links. A POST does it, whether by the button or
    by a mail program (RFC 8058), which brings no cookie and follows no redirect; `again` undoes it.
    """
    try:
        wish = unsubscribing.read(token)
    except BadLink:
        return _broken(request)
    if too_often := _count(request, "unsubscribe", BY_LINK, f"{wish.user_id}:{wish.kind}:{wish.channel}"):
        return too_often
    with acting_as_service():
        user = User.objects.filter(pk=wish.user_id, is_active=True).first()
        if user is None:
            return _broken(request)
        context = {"title": _title(wish), "channel": Channel(wish.channel).label, "done": ""}
        if request.method == "POST":
            again = "again" in request.POST
            try:
                choosing.stop_mails(user=user, kind=wish.kind, channel=wish.channel, again=again)
            except DomainError as refusal:
                return _broken(request, str(refusal))
            context["done"] = "on" if again else "off"
    return render(request, "notices/unsubscribe.html", context)


def _title(wish: Wish) -> object:
    kind = notice_kinds.KINDS.get(wish.kind)
    return kind.title if kind else ""


def _broken(request: HttpRequest, why: str = "") -> HttpResponse:
    if too_often := _count(request, "unsubscribe-broken", BY_ADDRESS, f"ip:{client_ip(request)}"):
        return too_often
    status = HTTPStatus.CONFLICT if why else HTTPStatus.NOT_FOUND
    return render(request, "notices/unsubscribe.html", {"broken": True, "why": why}, status=status)


def _count(request: HttpRequest, policy: str, limit: str, caller: str) -> HttpResponse | None:
    hit = count(policy, limit, caller)
    return slow_down(request, seconds=hit.resets_in) if hit and not hit.allowed else None
