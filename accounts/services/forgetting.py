"""What of sign-ins is ended because nobody came back, and what is forgotten once it is old."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import (
    BrowserSession,
    FactorChallenge,
    FlowState,
    OneTimeCode,
    PendingFactor,
    RefreshToken,
    Session,
)
from accounts.services import sessions
from core.actors import acting_as_service

KEPT = timedelta(days=30)
# What was begun and not ended tells whoever asks why for a day.
UNDER_WAY_KEPT = timedelta(days=1)
# One transaction never holds more rows than this; what is left waits for the next night.
MOST = 10_000


def end_idle(*, at: datetime) -> int:
    """End sessions of apps that were not refreshed for `KEPT`, and those whose browser's session ran out."""
    since = at - KEPT
    browsers = BrowserSession.objects.filter(sign_in=OuterRef("pk"), expire_date__gt=at)
    live = Session.objects.live()
    apps = live.filter(face=Session.Face.APP, last_seen_at__lt=since)
    # A browser that signs in has its row a moment later.
    pages = live.filter(face=Session.Face.PAGES, created_at__lt=at - timedelta(hours=1)).exclude(
        Exists(browsers)
    )
    ended = 0
    with acting_as_service():
        for idle in (apps, pages):
            ids = list(idle.order_by("pk").values_list("pk", flat=True)[:MOST])
            theirs = Session.objects.filter(pk__in=ids)
            ended += sessions.end_many(sessions=theirs, reason=Session.Reason.EXPIRED, at=at)
    return ended


def forget(*, at: datetime) -> int:
    """Delete ended sessions and replaced refresh tokens older than `KEPT`, browsers' sessions that ran out, and codes,
    sign-ins and factors under way that ran out a day ago.
    """
    since = at - KEPT
    under_way = (OneTimeCode, FlowState, FactorChallenge, PendingFactor)
    with acting_as_service():
        return (
            _delete(RefreshToken.objects.filter(replaced_at__lt=since))
            + _delete(Session.objects.filter(ended_at__lt=since))
            + _delete(BrowserSession.objects.filter(expire_date__lt=at))
            + sum(
                _delete(model._default_manager.filter(expires_at__lt=at - UNDER_WAY_KEPT))
                for model in under_way
            )
        )


def _delete(rows: QuerySet) -> int:  # type: ignore[type-arg]
    keys = list(rows.order_by("pk").values_list("pk", flat=True)[:MOST])
    deleted, _each = rows.model._default_manager.filter(pk__in=keys).delete()
    return int(deleted)
