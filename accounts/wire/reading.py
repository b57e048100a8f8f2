"""A session, its person, and all that is shown of them, in one query."""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Model, OuterRef, QuerySet
from django.db.models.functions import JSONObject
from django.utils.dateparse import parse_datetime

from accounts.models import Session, User

LINKED = ("id", "provider", "uid", "last_login", "date_joined", "extra_data")
FACTORS = ("id", "type", "data", "created_at", "last_used_at")


def with_everything(sessions: QuerySet[Session]) -> QuerySet[Session]:
    """Read each session with its user, and that user's linked accounts and factors: for `everything_of`."""
    return sessions.select_related("user").annotate(
        linked_rows=_rows(SocialAccount, LINKED), factor_rows=_rows(Authenticator, FACTORS)
    )


def everything_of(session: Session) -> User:
    """The session's user, whose linked accounts and factors are there without another query."""
    user = session.user
    _keep(user, "socialaccount_set", SocialAccount, session.linked_rows)  # type: ignore[attr-defined]
    _keep(user, "authenticator_set", Authenticator, session.factor_rows)  # type: ignore[attr-defined]
    return user


def _rows(model: type[Model], names: tuple[str, ...]) -> ArraySubquery:
    theirs = model._default_manager.filter(user=OuterRef("user")).order_by("pk")
    return ArraySubquery(theirs.values(row=JSONObject(**{name: name for name in names})))


def _keep(user: User, relation: str, model: type[Model], rows: list[dict[str, Any]]) -> None:
    """Put rows where `prefetch_related` would."""
    found = getattr(user, relation).all()
    found._result_cache = [_row(model, row, user) for row in rows]
    found._prefetch_done = True
    if not hasattr(user, "_prefetched_objects_cache"):
        user._prefetched_objects_cache = {}  # type: ignore[attr-defined]
    user._prefetched_objects_cache[relation] = found  # type: ignore[attr-defined]


def _row(model: type[Model], values: dict[str, Any], user: User) -> Model:
    for field in model._meta.get_fields():
        if field.get_internal_type() == "DateTimeField" and values.get(field.name):  # type: ignore[union-attr]
            values[field.name] = parse_datetime(values[field.name])
    row = model(**values)
    row.user = user  # type: ignore[attr-defined]
    return row
