"""Step-up: what moves money or changes who gets in asks for a second factor that was proven just now.

    @step_up_required                       # a page: leads to the proof, then goes on with what was asked
    permission_classes = [..., StepUp]      # an API view: refuses, and says what is missing (api/permissions.py)

Who has no factor sets one up first, which is a proof too. A form that was sent without a fresh proof is kept, sealed,
in the browser's session, and sent once more for its sender when the proof is there: as that person, in that session,
to that address, once, within `KEPT_FOR` (`KEPT_WHILE_ENROLLING`, and then at the press of a button).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial, wraps
from typing import Any
from uuid import uuid4

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.browser_sessions import SIGN_IN
from accounts.models import Session, User
from accounts.requests import PersonRequest
from accounts.services import factors, sessions
from core import encryption
from core.actors import acting_as_service
from core.errors import DomainError
from core.middleware import acting_for

FRESH_FOR = timedelta(minutes=5)
KEPT_FOR = timedelta(minutes=10)
KEPT_WHILE_ENROLLING = timedelta(minutes=30)
_GO_ON = "step_up.go_on"
_KEPT = "step_up.kept"
_PLACE = "session.step_up."

View = Callable[..., HttpResponseBase]


class StepUpRequired(DomainError):
    code = "step_up_required"
    kind = "forbidden"
    message = gettext_lazy("Prove your second factor again to do this.")
    public = ("max_age", "methods")


class EnrolmentRequired(DomainError):
    code = "mfa_enrolment_required"
    kind = "forbidden"
    message = gettext_lazy("Set up a second factor to do this.")


def session_of(request: Any) -> Session | None:
    """The live session that a request comes by: a browser's, or the one an access token names."""
    named = getattr(getattr(request, "auth", None), "session_id", None)
    if named is None and getattr(request, "auth", None) is None:
        named = request.session.get(SIGN_IN)
    if not named:
        return None
    with acting_as_service():
        return Session.objects.live().filter(pk=named).first()


def is_fresh(session: Session | None, *, at: datetime) -> bool:
    """Whether a second factor was proven in this session less than `FRESH_FOR` ago."""
    since = (at - FRESH_FOR).timestamp()
    return session is not None and any(
        known["method"] in sessions.SECOND_FACTORS and known["timestamp"] > since for known in session.methods
    )


def must_log_in_again(request: HttpRequest, *, at: datetime) -> bool:
    """Whether only a new log-in can show who this is: they have neither password nor factor, and came long ago."""
    with acting_as_service():
        if get_adapter(request).get_reauthentication_methods(request.user):
            return False
    session = session_of(request)
    since = (at - FRESH_FOR).timestamp()
    return session is None or not any(known["timestamp"] > since for known in session.methods)


def to_log_in_again(request: HttpRequest) -> HttpResponseRedirect:
    """The way out, from where the way in leads back here."""
    messages.info(request, _("This needs a fresh log-in. Log out, log in again, and go on from there."))
    back = urlencode({"next": request.path})
    query = urlencode({"next": f"{reverse('account_login')}?{back}"})
    return HttpResponseRedirect(f"{reverse('account_logout')}?{query}")


def check(*, user: User, session: Session | None, at: datetime) -> None:
    """Raise EnrolmentRequired for somebody without a factor, StepUpRequired without a fresh proof in this session."""
    theirs = factors.factors_of(user=user)
    if not theirs:
        raise EnrolmentRequired
    if session is None or session.user_id != user.pk or not is_fresh(session, at=at):
        methods = sorted({factors.METHODS[row.type] for row in theirs})
        raise StepUpRequired(max_age=int(FRESH_FOR.total_seconds()), methods=methods)


def step_up_required(view: View | None = None, *, enrol: bool = True, keep: bool = True) -> Any:
    """Guard a page. `keep=False` sends no form a second time, for forms that hold a password or a code.

    `enrol=False` lets somebody without a factor through: to set up the first one, and to change the password that is
    then all they have.
    """
    if view is None:
        return partial(step_up_required, enrol=enrol, keep=keep)
    guarded = view

    @wraps(guarded)
    def guard(request: PersonRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return guarded(request, *args, **kwargs)
        return way_to_proof(request, enrol=enrol, keep=keep) or guarded(request, *args, **kwargs)

    return guard


def log_in_required_lately(view: View) -> View:
    """Guard what gives somebody who has nothing else to prove a way in of their own: their first password."""

    @wraps(view)
    def guard(request: PersonRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and must_log_in_again(request, at=timezone.now()):
            return to_log_in_again(request)
        return view(request, *args, **kwargs)

    return guard


def proof_required(view: View) -> View:
    """Let a view run only for who proved lately who they are by what they have: a second factor, else the password."""
    by_factor: View = step_up_required(view)

    @wraps(view)
    def guard(request: PersonRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if factors.factors_of(user=request.user):
            return by_factor(request, *args, **kwargs)
        if must_log_in_again(request, at=timezone.now()):
            return to_log_in_again(request)
        with acting_as_service():
            if did_recently_reauthenticate(request):
                way = ""
            else:
                ways = get_adapter(request).get_reauthentication_methods(request.user)
                way = ways[0]["url"] if ways else reverse("account_login")
        if way:
            return redirect(f"{way}?{urlencode({'next': request.path})}")
        return view(request, *args, **kwargs)

    return guard


def proof_url(user: User) -> str:
    """The page where this person proves a factor."""
    with acting_as_service():
        return str(get_adapter().get_reauthentication_methods(user)[0]["url"])


def way_to_proof(request: PersonRequest, *, enrol: bool = True, keep: bool = True) -> HttpResponseBase | None:
    """Where somebody goes who lacks a fresh proof; None for who has one, as for `step_up_required`."""
    try:
        check(user=request.user, session=session_of(request), at=timezone.now())
    except EnrolmentRequired:
        return _to_enrolment(request, keep=keep) if enrol else None
    except StepUpRequired:
        return _to_proof(request, keep=keep)
    return None


def _to_enrolment(request: PersonRequest, *, keep: bool) -> HttpResponseBase:
    """Lead to setting up a factor, and remember where to go on; the page there says so."""
    remember(request, request.get_full_path())
    _keep(request, keep=keep, lasts=KEPT_WHILE_ENROLLING)
    return redirect("mfa_index")


def _to_proof(request: PersonRequest, *, keep: bool) -> HttpResponseBase:
    """Lead to the proof, which goes on by itself."""
    _keep(request, keep=keep, lasts=KEPT_FOR)
    query = urlencode({"next": request.get_full_path()})
    return HttpResponseRedirect(f"{proof_url(request.user)}?{query}")


def _keep(request: PersonRequest, *, keep: bool, lasts: timedelta) -> None:
    """Keep the form that came with this request, if it did; one that was kept before is forgotten."""
    request.session.pop(_KEPT, None)
    if request.method == "POST" and keep and not request.FILES:
        kept = {
            "id": uuid4().hex,
            "until": (timezone.now() + lasts).timestamp(),
            "path": request.get_full_path(),
            "form": request.POST.urlencode(),
        }
        request.session[_KEPT] = encryption.seal(json.dumps(kept), aad=_place(request))


@dataclass(frozen=True)
class Waiting:
    """What somebody was doing when a second factor was missing: where, and whether a form of theirs is kept."""

    path: str
    has_form: bool


def remember(request: HttpRequest, path: str) -> None:
    """Remember where to go on when a factor is set up."""
    request.session[_GO_ON] = [path, (timezone.now() + KEPT_WHILE_ENROLLING).timestamp()]


def waiting(request: HttpRequest) -> Waiting | None:
    """What waits until a factor is set up, unless it was left lying."""
    path, until = request.session.get(_GO_ON) or ("", 0)
    return Waiting(path, _KEPT in request.session) if timezone.now().timestamp() < until else None


def forget(request: HttpRequest) -> None:
    request.session.pop(_GO_ON, None)


def _place(request: PersonRequest) -> str:
    return f"{_PLACE}{request.user.pk}.{request.session.get(SIGN_IN)}"


def go_on(request: PersonRequest, *, to: str) -> HttpResponseBase | None:
    """Send the kept form once more, if it was meant for the address `to`; None where there is none to send.

    The view runs in a transaction and with an actor of its own, as its address calls for, and checks everything again.
    """
    sealed = request.session.pop(_KEPT, None)
    if sealed is None:
        return None
    try:
        kept = json.loads(encryption.open_sealed(sealed, aad=_place(request)))
        match = resolve(kept["path"].partition("?")[0])
    except (encryption.DecryptionFailed, Resolver404):
        return None
    if kept["path"] != to or timezone.now().timestamp() >= kept["until"]:
        return None
    if not cache.add(f"step-up-kept:{kept['id']}", 1, KEPT_WHILE_ENROLLING.total_seconds()):
        return None
    again = _as_sent(request, kept["path"], kept["form"])
    again.resolver_match = match
    if getattr(match.func, "outside_transaction", False):
        answer: HttpResponseBase = match.func(again, *match.args, **match.kwargs)
        return answer
    with acting_for(again):
        return _rendered(match.func(again, *match.args, **match.kwargs))


def _as_sent(request: PersonRequest, path: str, form: str) -> HttpRequest:
    """The request that brought the proof, turned into the one that was kept: same person, session and browser."""
    request.path, _question, query = path.partition("?")
    request.path_info = request.path
    request.META = {**request.META, "PATH_INFO": request.path, "QUERY_STRING": query}
    request.GET = QueryDict(query)  # type: ignore[assignment]
    request.POST = QueryDict(form)  # type: ignore[assignment]
    return request


def _rendered(response: HttpResponseBase) -> HttpResponseBase:
    if hasattr(response, "render") and not getattr(response, "is_rendered", True):
        rendered: HttpResponseBase = response.render()
        return rendered
    return response
