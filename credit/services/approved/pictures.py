"""How a loan looks to whoever decides about it, before and after: what is owed, what is asked for, and when."""

from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from core.templatetags.money import money
from credit.models import DelinquencyPause
from credit.schedule import plan
from credit.services.holding import Held
from credit.services.writing_off import owed_of
from credit.standing import Row
from credit.states import State

MOST_ROWS = 60
Said = list[tuple[str | Promise, str | Promise]]


@dataclass(frozen=True)
class Picture:
    """Amounts are minor units (kobo); `rows` are the instalments to come."""

    state: State
    owed: int
    due: int
    interest: int
    paused_until: str
    rows: tuple[Row, ...]


def picture_of(held: Held) -> Picture:
    given_up = held.application.state in (State.CHARGED_OFF, State.WRITTEN_OFF)
    coming = () if given_up else plan(held.standing, max(held.today, held.standing.day))
    rows = tuple(row for row in coming if row.due > held.today)
    pause = DelinquencyPause.objects.filter(loan=held.loan, until__gt=held.today).order_by("-until").first()
    now = held.standing
    return Picture(
        state=State(held.application.state),
        owed=owed_of(held).total,
        due=now.overdue_interest + now.overdue_principal + now.fees + now.penalties,
        interest=sum(row.interest for row in rows),
        paused_until=date_format(pause.until, "j F Y") if pause else "",
        rows=rows,
    )


def before_and_after(before: Picture, after: Picture, currency: str) -> Said:
    """Each figure before and after, and the whole new schedule where it changes."""

    def amounts(was: int, now: int) -> str:
        return _changed(money(was, currency), money(now, currency))

    said: Said = [
        (_("State"), _changed(str(before.state.label), str(after.state.label))),
        (_("Owed today"), amounts(before.owed, after.owed)),
        (_("Due now"), amounts(before.due, after.due)),
        (_("Instalments to come"), _changed(str(len(before.rows)), str(len(after.rows)))),
        (_("Interest to come"), amounts(before.interest, after.interest)),
    ]
    if before.paused_until or after.paused_until:
        said.append((_("Paused until"), _changed(before.paused_until or "–", after.paused_until or "–")))
    if _asked(before) != _asked(after):
        said += _schedule(after, currency)
    return said


def _asked(picture: Picture) -> list[tuple[object, int]]:
    return [(row.due, row.payment) for row in picture.rows]


def _schedule(after: Picture, currency: str) -> Said:
    said: Said = []
    for row in after.rows[:MOST_ROWS]:
        parts = {
            "payment": money(row.payment, currency),
            "interest": money(row.interest, currency),
            "principal": money(row.principal, currency),
        }
        label = _("Instalment %(number)s, %(day)s") % {
            "number": row.number,
            "day": date_format(row.due, "j M Y"),
        }
        said.append((label, _("%(payment)s: %(interest)s interest, %(principal)s principal") % parts))
    if len(after.rows) > MOST_ROWS:
        said.append((_("And after these"), str(len(after.rows) - MOST_ROWS)))
    return said


def _changed(was: str, now: str) -> str:
    return now if was == now else f"{was} → {now}"
