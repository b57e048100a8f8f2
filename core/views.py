"""Pages that belong to no domain: the welcome page, preferences kept in cookies, errors, and the liveness probe."""

from math import ceil

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from core.actors import outside_transaction
from core.api import problems

YEAR = 365 * 24 * 3600
THEMES = ("system", "light", "dark")


@login_not_required
@require_safe
def welcome(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("home")
    return render(request, "welcome.html")


@login_not_required
@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    return render(request, "help.html")


@login_not_required
@require_POST
@outside_transaction
def theme(request: HttpRequest) -> HttpResponse:
    """Remember the chosen theme, or cycle through them where the form names none."""
    chosen = request.POST.get("theme")
    if chosen not in THEMES:
        now = request.COOKIES.get("theme", "system")
        chosen = THEMES[(THEMES.index(now) + 1) % len(THEMES)] if now in THEMES else "system"
    return _remember(request, "theme", chosen)


@login_not_required
@require_POST
@outside_transaction
def balances(request: HttpRequest) -> HttpResponse:
    """Hide or show amounts on every page."""
    hidden = request.COOKIES.get("hide_balances") == "1"
    return _remember(request, "hide_balances", "0" if hidden else "1")


def _remember(request: HttpRequest, name: str, value: str) -> HttpResponse:
    back = request.POST.get("next") or request.headers.get("Referer") or "/"
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}):
        back = "/"
    response = HttpResponseRedirect(back)
    response.set_cookie(name, value, max_age=YEAR, samesite="Lax", secure=request.is_secure())
    return response


def slow_down(request: HttpRequest, *, seconds: int) -> HttpResponse:
    """The page for who asked too often, and when to come back."""
    context = {"retry_after": seconds, "minutes": ceil(seconds / 60) if seconds > 60 else 0}
    response = render(request, "429.html", context, status=429)
    response["Retry-After"] = str(seconds)
    return response


def too_many(request: HttpRequest) -> HttpResponse:
    """What allauth's limits answer: they count the last minute."""
    return slow_down(request, seconds=60)


@login_not_required
@outside_transaction
def livez(request: HttpRequest) -> JsonResponse:
    """Answer that the process runs; touches no store."""
    return JsonResponse({"status": "ok"})


def _error(request: HttpRequest, status: int, code: str) -> HttpResponse:
    if request.path.startswith("/api/"):
        return problems.problem_response(request, code=code, status=status)
    template = "403_csrf.html" if code == "csrf_failed" else f"{status}.html"
    return render(request, template, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _error(request, 400, "bad_request")


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _error(request, 403, "permission_denied")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _error(request, 404, "not_found")


def server_error(request: HttpRequest) -> HttpResponse:
    return _error(request, 500, "internal_error")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _error(request, 403, "csrf_failed")
