"""The notice centre, the bell, and the parts of both that a page asks for by itself."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import notice_words, notices, services
from accounts.models import Notification
from accounts.notice_kinds import KINDS, kinds_for
from accounts.notices import Wanted
from accounts.requests import PersonRequest

UNREAD = "unread"


@never_cache
@require_safe
def centre(request: PersonRequest) -> HttpResponse:
    """A person's notices. Which part of them, and narrowed by what, stands in the address."""
    return render(request, "notices/centre.html", _context(request, _wanted(request.GET)))


@never_cache
@require_safe
def newest(request: PersonRequest) -> HttpResponse:
    """The newest part of the list, as narrowed as the address says; nothing when it has not changed."""
    wanted = _wanted(request.GET)
    context = _context(request, Wanted(wanted.kind, wanted.unread))
    if request.GET.get("seen") == context["seen"]:
        return HttpResponse(status=204)
    return render(request, "notices/_list.html", context)


@never_cache
@require_safe
def bell(request: PersonRequest) -> HttpResponse:
    """The bell; nothing when its number has not changed. `current`: it stands on the notice centre."""
    if request.GET.get("seen") == notices.unread_of(request.user):
        return HttpResponse(status=204)
    return render(request, "components/notices.html", {"is_current": "current" in request.GET})


@never_cache
@require_safe
def open_notice(request: PersonRequest, notice_id: UUID) -> HttpResponse:
    """Lead to what a notice tells of, and mark it as read on the way.

    It is a GET, so that mails and new tabs can open it: it does nothing that its owner could mind, and twice is once. A
    browser that only looks ahead marks nothing.
    """
    notice = get_object_or_404(Notification.objects.visible_to(request.user), pk=notice_id)
    looks_ahead = "prefetch" in request.headers.get("Sec-Purpose", request.headers.get("Purpose", ""))
    if request.method == "GET" and not looks_ahead:
        services.read_notice(user=request.user, notice_id=notice_id, at=timezone.now())
    return redirect(str(notice_words.said(notice).href))


@require_http_methods(["GET", "HEAD", "POST"])
def read_one(request: PersonRequest, notice_id: UUID) -> HttpResponse:
    if request.method == "POST":
        services.read_notice(user=request.user, notice_id=notice_id, at=timezone.now())
    return redirect(_back(request))


@require_http_methods(["GET", "HEAD", "POST"])
def read_all(request: PersonRequest) -> HttpResponse:
    """Mark all notices as read, up to the newest that the page knew of."""
    if request.method == "POST":
        until = _key(request.POST, "until")
        services.read_notices(user=request.user, at=timezone.now(), until=until)
    return redirect(reverse("home") if request.POST.get("back") == "home" else _back(request))


def _context(request: PersonRequest, wanted: Wanted) -> dict[str, Any]:
    # Asked first: what comes between the two questions is not marked as read unseen.
    until = notices.newest_of(request.user)
    page = notices.page_of(user=request.user, wanted=wanted)
    unread = notices.unread_of(request.user, at_most=notices.COUNTED_IN_CENTRE)
    return {
        "page": page,
        "wanted": wanted,
        "unread": unread,
        "until": until,
        "seen": f"{page.seen}.{unread}",
        "here": _query(wanted),
        "is_newest": wanted.before is None and page.newer is None,
        "shows": [(False, _query(wanted, show="")), (True, _query(wanted, show=UNREAD))],
        "kinds": [(None, _query(wanted, kind=""), wanted.kind is None)]
        + [
            (kind, _query(wanted, kind=kind.code), kind == wanted.kind)
            for kind in kinds_for(staff=request.user.is_staff)
        ],
        "newer": _query(wanted, after=page.newer) if page.newer else "",
        "older": _query(wanted, before=page.older) if page.older else "",
    }


def _wanted(asked: QueryDict) -> Wanted:
    """Raises Http404 for what no link of ours says."""
    code, show = asked.get("kind", ""), asked.get("show", "")
    if (code and code not in KINDS) or show not in ("", UNREAD):
        raise Http404
    return Wanted(KINDS.get(code), show == UNREAD, _key(asked, "before"), _key(asked, "after"))


def _query(wanted: Wanted, **changes: object) -> str:
    """The list's address with what narrows it and these changes, at the newest unless they say more."""
    facts: dict[str, object] = {
        "show": UNREAD if wanted.unread else "",
        "kind": wanted.kind.code if wanted.kind else "",
        **changes,
    }
    return "?" + urlencode({name: value for name, value in facts.items() if value})


def _back(request: PersonRequest) -> str:
    """The list as it was narrowed, and nowhere else, whatever a form says."""
    wanted = _wanted(QueryDict(request.POST.get("here", "").removeprefix("?")))
    return reverse("notices") + _query(wanted).removesuffix("?")


def _key(asked: Mapping[str, Any], name: str) -> UUID | None:
    """Raises Http404 for what is no key."""
    text = asked.get(name) or ""
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Http404 from None
