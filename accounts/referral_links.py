"""The code of a link that somebody followed, kept in a signed cookie until they sign up."""

from datetime import timedelta

from django.core import signing
from django.http import HttpRequest, HttpResponse

from accounts.models import ReferralProgram

COOKIE = "referral"
_SALT = "accounts.referral_links"


def keep(response: HttpResponse, request: HttpRequest, *, code: str, program: ReferralProgram) -> None:
    """Remember a code as long as the programme lets it count; the last link that was followed holds."""
    life = timedelta(days=program.attribution_days)
    response.set_cookie(
        COOKIE,
        signing.dumps([code, program.attribution_days], salt=_SALT),
        max_age=life,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure(),
    )


def code_kept(request: HttpRequest) -> str:
    """Return the code that this browser brings along; nothing where it brings none, or another's or an old cookie."""
    kept = request.COOKIES.get(COOKIE, "")
    if not kept:
        return ""
    try:
        code, days = signing.loads(kept, salt=_SALT)
        signing.loads(kept, salt=_SALT, max_age=timedelta(days=int(days)))
    except (signing.BadSignature, TypeError, ValueError):
        return ""
    return str(code)
