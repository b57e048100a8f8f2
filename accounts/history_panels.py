"""What became of an object, on its staff page: each field's before and after, who, when, and in which request."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from accounts.models import AuthenticatorHistory, EmailAddressHistory, MembershipHistory, User
from accounts.models.history import KeptAuthenticator, KeptEmailAddress
from accounts.models.organizations import Membership
from core.history import DELETED, HISTORIES, INSERTED, Change, changes_by, changes_of
from core.masking import DOTS, masked_email, masked_phone
from core.staff import EMPTY, Panel, link, moment

COLUMNS = [_("Field"), _("Before"), _("After"), _("Who"), _("When"), _("Request")]
LONGEST = 200
NOTHING = (None, "")
WORDS = {INSERTED: _("made"), DELETED: _("removed")}
MASKS: dict[str, Any] = {
    "email": masked_email,
    "new_email": masked_email,
    "phone": masked_phone,
    "date_of_birth": lambda _value: DOTS,
    "user_metadata": lambda _value: DOTS,
}
# What hangs on a person and has no page of its own.
OF_A_PERSON: list[tuple[Any, type[Model], type[Model]]] = [
    (_("History of e-mail addresses"), KeptEmailAddress, EmailAddressHistory),
    (_("History of second factors"), KeptAuthenticator, AuthenticatorHistory),
    (_("History of memberships"), Membership, MembershipHistory),
]


def history_of(obj: Model, *, revealed: bool) -> Iterator[Panel]:
    """The tables of what changed: none for a model of which no history is kept."""
    model = obj._meta.concrete_model or type(obj)
    if model not in HISTORIES:
        return
    yield _panel(_("History"), model, changes_of(obj), revealed)
    if isinstance(obj, User):
        for title, of, history in OF_A_PERSON:
            changes = changes_by(history, user=obj.pk)
            if changes:
                yield _panel(title, of, changes, revealed)


def _panel(title: Any, model: type[Model], changes: list[Change], revealed: bool) -> Panel:
    people = User.objects.in_bulk({change.actor_id for change in changes if change.actor_id})
    return Panel(title, COLUMNS, list(_rows(model, changes, people, revealed)))


def _rows(
    model: type[Model], changes: Iterable[Change], people: dict[Any, User], revealed: bool
) -> Iterator[list[Any]]:
    for change in changes:
        if change.what in WORDS and change.before in NOTHING and change.after in NOTHING:
            continue
        who = people.get(change.actor_id)
        yield [
            _label(model, change),
            _shown(change.field, change.before, revealed),
            _shown(change.field, change.after, revealed),
            link(who) if who else change.actor_id or EMPTY,
            moment(change.at),
            change.request_id or EMPTY,
        ]


def _label(model: type[Model], change: Change) -> str:
    if not change.field:
        return str(_("(something secret)"))
    name = str(model._meta.get_field(change.field).verbose_name)  # type: ignore[union-attr]
    return f"{name} ({WORDS[change.what]})" if change.what in WORDS else name


def _shown(field: str, value: Any, revealed: bool) -> str:
    if value is None or value == "":
        return EMPTY
    if not revealed and field in MASKS:
        return str(MASKS[field](value))
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
