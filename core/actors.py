"""Who is acting on the database, and for whom.

Nothing reaches a table by the login role alone: a page, an API call, a task or a command first says who acts, and the
connection takes that actor's PostgreSQL role and claims for one transaction. Row security does the rest.

    with acting_as(user): ...            # role `authenticated`: own rows only
    with acting_as_service(): ...        # role `service_role`: tasks, webhooks, staff, sign-in
    with acting_as_anon(): ...           # role `anon`: what the world may see

Blocks nest; leaving one gives the connection back to the actor outside. Leaving the outermost commits, unless the actor
rehearses: of what a program does with a test key nothing is kept.
"""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

ANON, AUTHENTICATED, SERVICE = "anon", "authenticated", "service_role"
TEST = "TEST"

logger = logging.getLogger(__name__)


class Person(Protocol):
    """What `acting_as` needs to know of a user."""

    id: UUID
    email: str


@dataclass(frozen=True)
class Actor:
    """A PostgreSQL role and the claims that policies read through `auth.jwt()`."""

    role: str
    claims: dict[str, Any] = field(default_factory=dict)

    @property
    def user_id(self) -> UUID | None:
        sub = self.claims.get("sub")
        return UUID(sub) if sub else None

    @property
    def rehearses(self) -> bool:
        """Whether this is a program with a test key, or the service working for one."""
        return self.claims.get("mode") == TEST


@dataclass(frozen=True)
class OrganizationCaller:
    """An organisation whose program calls by one of its keys: it stands where otherwise a person does."""

    id: UUID
    key_id: UUID
    mode: str

    is_authenticated = True
    is_active = True
    is_staff = False

    @property
    def pk(self) -> UUID:
        return self.id


@dataclass(frozen=True)
class Origin:
    """Where the request came from that the actor is answering; empty for tasks and commands."""

    request_id: str = ""
    ip: str | None = None
    user_agent: str = ""


NOBODY = Actor("none")

_actor: ContextVar[Actor | None] = ContextVar("actor", default=None)
_NOWHERE = Origin()
_origin: ContextVar[Origin] = ContextVar("origin", default=_NOWHERE)
# Whether a program with a test key has been known in this request: then no block of it commits, whoever acts.
_rehearsal: ContextVar[bool] = ContextVar("rehearsal", default=False)
_waiting: ContextVar[list[Callable[[], object]] | None] = ContextVar("waiting", default=None)

# The last is what row history (core/history.py) writes beside each change.
_SET = (
    "select set_config('role', %s, true), set_config('request.jwt.claims', %s, true), "
    "set_config('pghistory.context_metadata', %s, true)"
)


def current_actor() -> Actor | None:
    """The actor of this block, or of the whole process where it has one: the worker and beat are the service."""
    return _actor.get() or (Actor(settings.PROCESS_ROLE, {}) if settings.PROCESS_ROLE else None)


def current_origin() -> Origin:
    return _origin.get()


@contextmanager
def from_origin(origin: Origin) -> Iterator[None]:
    token, rehearsal = _origin.set(origin), _rehearsal.set(False)
    try:
        yield
    finally:
        _origin.reset(token)
        _rehearsal.reset(rehearsal)


def person(user: Person) -> Actor:
    return Actor(AUTHENTICATED, {"sub": str(user.id), "role": AUTHENTICATED, "email": user.email})


def bearer(claims: dict[str, Any]) -> Actor:
    """The person whom the verified claims of an access token name; policies read them all.

    No person's token speaks for an organisation, whatever it claims.
    """
    own = {name: value for name, value in claims.items() if name not in ("org_id", "key_id", "mode")}
    return Actor(AUTHENTICATED, {**own, "role": AUTHENTICATED})


def organization(*, organization_id: UUID, key_id: UUID, mode: str) -> Actor:
    claims = {"role": AUTHENTICATED, "org_id": str(organization_id), "key_id": str(key_id), "mode": mode}
    return Actor(AUTHENTICATED, claims)


def actor_of(caller: Person | OrganizationCaller) -> Actor:
    if isinstance(caller, OrganizationCaller):
        return organization(organization_id=caller.id, key_id=caller.key_id, mode=caller.mode)
    return person(caller)


@contextmanager
def _acting(actor: Actor) -> Iterator[Actor]:
    inside, outermost = connection.in_atomic_block, _actor.get() is None
    outer = current_actor() or NOBODY
    token = _actor.set(actor)
    waiting: list[Callable[[], object]] = []
    queue = _waiting.set(waiting) if outermost else None
    try:
        with transaction.atomic():
            _apply(actor)
            yield actor
            if outermost and _is_rehearsal():
                transaction.set_rollback(True)
            elif inside and not connection.needs_rollback:
                _apply(outer)
    finally:
        _actor.reset(token)
        if queue is not None:
            _waiting.reset(queue)
        if waiting:
            _do(waiting)


def _is_rehearsal() -> bool:
    """Asked at the end of a block: authentication may have made somebody else of the actor since it began."""
    actor = _actor.get()
    return _rehearsal.get() or (actor is not None and actor.rehearses)


def _do(waiting: list[Callable[[], object]]) -> None:
    rehearsal = _rehearsal.set(False)
    try:
        for work in waiting:
            try:
                work()
            except Exception:
                logger.exception("what was to be done after a transaction failed")
    finally:
        _rehearsal.reset(rehearsal)


def afterwards(work: Callable[[], object]) -> None:
    """Have something done when the running transaction has ended, also where nothing of it is kept.

    What must not be told of work that was rolled back belongs into `transaction.on_commit` instead.
    """
    waiting = _waiting.get()
    if waiting is None:
        raise RuntimeError("afterwards() needs a running transaction: open one of the blocks above first")
    waiting.append(work)


def _apply(actor: Actor) -> None:
    told = {"actor": actor.claims.get("sub"), "role": actor.role, "request": _origin.get().request_id}
    with connection.cursor() as cursor:
        cursor.execute(_SET, [actor.role, json.dumps(actor.claims), json.dumps(told)])


def acting(actor: Actor) -> AbstractContextManager[Actor]:
    """Open a transaction as an actor that authentication made (core.callers)."""
    return _acting(actor)


def acting_as(caller: Person | OrganizationCaller) -> AbstractContextManager[Actor]:
    """Open a transaction as this signed-in person, or as an organisation that calls by its key."""
    return _acting(actor_of(caller))


def acting_as_service(*, on_behalf_of: Person | None = None) -> AbstractContextManager[Actor]:
    """Open a transaction as the service itself; the person it works for, if any, is named in the claims."""
    outer = _actor.get()
    if outer and outer.role == SERVICE and connection.in_atomic_block:
        return nullcontext(outer)
    known = person(on_behalf_of) if on_behalf_of else outer
    return _acting(Actor(SERVICE, {**(known.claims if known else {}), "role": SERVICE}))


def as_service_for_one_statement() -> AbstractContextManager[Any]:
    """As the service, for one statement: no transaction is opened for it where the whole process is the service."""
    if settings.PROCESS_ROLE == SERVICE and _actor.get() is None and not connection.in_atomic_block:
        return nullcontext()
    return acting_as_service()


def acting_as_anon() -> AbstractContextManager[Actor]:
    """Open a transaction as a stranger."""
    return _acting(Actor(ANON, {"role": ANON}))


def become(user: Person) -> None:
    """Turn the actor of the running transaction into this person: for authentication that happens inside a view.

    The caller must already be inside one of the blocks above, whose end restores what was before.
    """
    _become(person(user))


def become_bearer(claims: dict[str, Any]) -> None:
    """Like `become`, for the person whom the verified claims of an access token name."""
    _become(bearer(claims))


def become_organization(*, organization_id: UUID, key_id: UUID, mode: str) -> None:
    """Like `become`, for an organisation that calls by one of its keys. By a test key, the whole request rehearses."""
    if mode == TEST and _origin.get() is not _NOWHERE:
        _rehearsal.set(True)
    _become(organization(organization_id=organization_id, key_id=key_id, mode=mode))


def become_anon() -> None:
    """Like `become`, for a stranger: back from a person who turned out to be barred."""
    _become(Actor(ANON, {"role": ANON}))


def _become(actor: Actor) -> None:
    if not connection.in_atomic_block:
        raise RuntimeError("become() needs a running transaction: open acting_as_anon() first")
    _apply(actor)
    _actor.set(actor)


def work_for(user: Person) -> None:
    """Name the person for whom the service works in the running transaction: where a view finds that out itself."""
    if not connection.in_atomic_block:
        raise RuntimeError("work_for() needs a running transaction: open acting_as_service() first")
    actor = Actor(SERVICE, {**person(user).claims, "role": SERVICE})
    _apply(actor)
    _actor.set(actor)


View = TypeVar("View", bound=Callable[..., Any])


def outside_transaction(view: View) -> View:
    """Mark a view that calls the outside world: the middleware leaves it alone, and it opens `acting_as` itself."""
    view.outside_transaction = True  # type: ignore[attr-defined]
    return view
