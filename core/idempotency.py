"""Requests that may be sent twice and are carried out once.

The caller names a request with the header `Idempotency-Key`. What the request did and the row that remembers
its name and its answer commit together, so there is never one without the other; a repeat is given the first
answer. Refusals of the domain are answers too: a repeat after the reason has gone is refused as before, and
needs a new key. A request that failed for our reasons has no answer; its repeat is carried out.

    once(request, work)                              # in the running transaction
    once_outside(request, begin, finish, rehearse)   # `finish` calls the outside world, between two transactions

A rehearsal (a request with a test key) keeps no row: its repeat is carried out again.
"""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ParseError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from core.actors import OrganizationCaller, Person, acting_as, acting_as_service
from core.api import problems
from core.errors import DomainError
from core.ids import posting_id
from core.models import IdempotencyKey

KEPT_FOR = timedelta(hours=48)
# Longer than a gateway may keep us waiting: after this, the request of a worker that died may be repeated.
CLAIM = timedelta(seconds=60)
_KEY = re.compile(r"[\x20-\x7e]{1,255}")
_NO_ANSWER = (429,)


class KeyMissing(ParseError):
    default_code = "idempotency_key_missing"
    default_detail = _("This request needs the header Idempotency-Key.")


class KeyInvalid(ParseError):
    default_code = "idempotency_key_invalid"
    default_detail = _("An Idempotency-Key has 1 to 255 printable ASCII characters.")


class KeyReused(DomainError):
    code = "idempotency_key_reused"
    message = _("This Idempotency-Key was used for a request with another body.")


class InFlight(DomainError):
    code = "idempotency_in_flight"
    kind = "conflict"
    message = _("A request with this Idempotency-Key is still being carried out.")


@dataclass(frozen=True)
class Named:
    """A request by its name: whose, with which credential, for what, and a fingerprint of its body."""

    owner_id: UUID
    credential: str
    method: str
    path: str
    key: str
    fingerprint: bytes

    @property
    def scope(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in ("owner_id", "credential", "method", "path", "key")}

    @property
    def lock(self) -> int:
        text = json.dumps([str(value) for value in self.scope.values()])
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], signed=True)


def named(request: Request) -> Named:
    """Return the request's name. Raises KeyMissing, KeyInvalid."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        raise KeyMissing
    if not _KEY.fullmatch(key):
        raise KeyInvalid
    content = json.dumps(request.data, sort_keys=True, cls=DjangoJSONEncoder)
    return Named(
        owner_id=cast(Person | OrganizationCaller, request.user).id,
        credential=str(request.auth.pk),  # type: ignore[union-attr]
        method=str(request.method),
        path=request.path,
        key=key,
        fingerprint=hashlib.sha256(content.encode()).digest(),
    )


def once(request: Request, work: Callable[[UUID], Response]) -> HttpResponse:
    """Answer with what `work` returns, once for each key, in the running transaction of the signed-in person.

    `work` is given the id of the posting it may make. Raises KeyMissing, KeyInvalid, KeyReused, and InFlight
    while a twin is being carried out.
    """
    name = named(request)
    found = _found(name)
    if found is not None:
        return _replayed(found)
    chosen = posting_id()

    def in_a_savepoint() -> Response:
        with transaction.atomic():
            return work(chosen)

    answer = _answer(request, in_a_savepoint)
    if _is_final(answer):
        _filled(IdempotencyKey(**name.scope, fingerprint=name.fingerprint, subject_id=chosen), answer).save()
    return answer


def once_outside(
    request: Request,
    begin: Callable[[], UUID],
    finish: Callable[[UUID], Response],
    rehearse: Callable[[UUID], Response],
) -> HttpResponse:
    """Carry out a request that calls the outside world, once for each key. The caller holds no transaction.

    `begin` stores what is wanted and returns its id, in one transaction with the key; `finish` is given that
    id and runs outside any. A repeat of a request that got no answer skips `begin`: it goes on with the same
    id. A rehearsal ends before the outside world: with `rehearse`, which shows what `begin` stored. Raises as
    `once` does.
    """
    name, caller = named(request), cast(Person | OrganizationCaller, request.user)
    with acting_as(caller) as actor:
        if actor.rehearses:
            return _answer(request, lambda: rehearse(begin()))
        row = _found(name, at=timezone.now())
        if row is not None and row.status is not None:
            return _replayed(row)
        claimed_until = timezone.now() + CLAIM
        if row is None:
            row = IdempotencyKey(**name.scope, fingerprint=name.fingerprint, claimed_until=claimed_until)
            refusal = _begun(request, row, begin)
            if refusal is not None:
                return refusal
        else:
            row.claimed_until = claimed_until
            row.save(update_fields=["claimed_until"])
    answer, subject = None, cast(UUID, row.subject_id)
    try:
        answer = _answer(request, lambda: finish(subject))
        return answer
    finally:
        with acting_as(caller):
            _close(row, answer)


def purge(*, at: datetime) -> int:
    """Forget keys older than `KEPT_FOR`; return how many."""
    with acting_as_service():
        return IdempotencyKey.objects.filter(created_at__lt=at - KEPT_FOR).delete()[0]


def _found(name: Named, at: datetime | None = None) -> IdempotencyKey | None:
    """Take the key's lock for this transaction and return its row, if there is one that may be used now."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_xact_lock(%s)", [name.lock])
        if not cursor.fetchone()[0]:
            raise InFlight(retry_after=1)
    row = IdempotencyKey.objects.filter(**name.scope).first()
    if row is None:
        return None
    if bytes(row.fingerprint) != name.fingerprint:
        raise KeyReused
    if row.status is None and at is not None and row.claimed_until is not None and row.claimed_until > at:
        raise InFlight(retry_after=(row.claimed_until - at).total_seconds())
    return row


def _begun(request: Request, row: IdempotencyKey, begin: Callable[[], UUID]) -> HttpResponse | None:
    """Store what is wanted, and the row with its id; return the answer instead where the domain refuses."""
    try:
        with transaction.atomic():
            row.subject_id = begin()
            row.save()
            return None
    except DomainError as refusal:
        answer = problems.exception_handler(refusal, {"request": request})
    if _is_final(answer):
        row.subject_id, row.claimed_until = None, None
        _filled(row, answer).save()
    return answer


def _answer(request: Request, work: Callable[[], Response]) -> HttpResponse:
    """The answer of `work`, or the domain's refusal. A fault passes through."""
    try:
        response = work()
    except DomainError as refusal:
        return problems.exception_handler(refusal, {"request": request})
    content = JSONRenderer().render(response.data)
    return HttpResponse(content, status=response.status_code, content_type="application/json")


def _close(row: IdempotencyKey, answer: HttpResponse | None) -> None:
    """Write down the answer, or that there is none and the next repeat need not wait."""
    row.claimed_until = None
    if answer is not None and _is_final(answer):
        _filled(row, answer)
    row.save(update_fields=["status", "content_type", "body", "claimed_until"])


def _filled(row: IdempotencyKey, answer: HttpResponse) -> IdempotencyKey:
    row.status, row.content_type, row.body = (
        answer.status_code,
        answer["Content-Type"],
        answer.content.decode(),
    )
    return row


def _is_final(answer: HttpResponse) -> bool:
    return answer.status_code < 500 and answer.status_code not in _NO_ANSWER


def _replayed(row: IdempotencyKey) -> HttpResponse:
    return HttpResponse(
        row.body, status=row.status, content_type=row.content_type, headers={"Idempotent-Replayed": "true"}
    )
