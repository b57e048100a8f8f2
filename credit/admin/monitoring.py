"""How a scorecard does, for staff: who is scored by it now, what became of those it passed, and where officers decided
otherwise. Each table can be taken as CSV. No applicant's name is on it.
"""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.staff import EMPTY, link_to_row, moment
from credit.admin import portfolio_charts as charts
from credit.admin.portfolio import NAME as PORTFOLIO
from credit.admin.tables import Mark, Percent, Plain, Table, csv_of
from credit.case_reasons import REASONS, Decision
from credit.models import Application, ScorecardVersion
from credit.services import monitoring, portfolio
from credit.services.monitoring import Lived, Override, Population, Stability
from credit.services.portfolio import month_after
from credit.stability import LEAST, SHIFTED, WATCHED, Shift
from credit.states import State

NAME = "credit_scorecardversion_monitoring"
VIEW = "credit.view_scorecardversion"
MONTHS, SHOWN = 12, 100
HUNDRED = Decimal(100)
SAID = {
    Shift.TOO_FEW: (_("Too few to say"), "info"),
    Shift.STABLE: (_("Stable"), "success"),
    Shift.WATCHED: (_("To be watched"), "pending"),
    Shift.SHIFTED: (_("Shifted"), "error"),
}
# The colour of a bar: the parts of the portfolio's columns, from good to bad.
PLACES = {Shift.TOO_FEW: 1, Shift.STABLE: 1, Shift.WATCHED: 3, Shift.SHIFTED: 5}


def show(request: HttpRequest, key: UUID) -> HttpResponse:
    """The page of one card, or with `csv` one of its tables. Raises PermissionDenied, Http404."""
    if request.method not in ("GET", "HEAD") or not request.user.has_perm(VIEW):  # type: ignore[union-attr]
        raise PermissionDenied
    card = get_object_or_404(ScorecardVersion, pk=key)
    since = month_after(timezone.localdate().replace(day=1), 1 - MONTHS)
    wanted = request.GET.get("csv", "")
    tables: dict[str, Callable[[], Table]] = {
        "stability": lambda: by_score(monitoring.population(card, since=since)),
        "factors": lambda: by_factor(monitoring.population(card, since=since)),
        "calibration": lambda: calibration(card),
        "decided": lambda: decided(card, since),
        "overrides": lambda: overrides(card, since, limit=None if wanted else SHOWN),
    }
    if wanted:
        if wanted not in tables:
            raise Http404
        name = f"scorecard-{wanted}-{card.pk}-{timezone.localdate()}"
        return csv_of(request, tables[wanted](), name=name, action="credit.scorecard.exported", target=card)
    found = monitoring.population(card, since=since)
    context = {
        **admin.site.each_context(request),
        "title": _now("Monitoring of %(card)s") % {"card": card},
        "card": card,
        "tables": [by_score(found), by_factor(found), *(tables[key]() for key in list(tables)[2:])],
        "here": reverse(f"admin:{NAME}", args=[card.pk]),
        "portfolio_url": reverse(f"admin:{PORTFOLIO}") + "#impact",
    }
    return render(request, "admin/credit/monitoring.html", context)


def by_score(found: Population) -> Table:
    note = _now(
        "The population stability index of each month’s scores against the card’s first %(first)s decisions, by tenths"
        " of those. Under %(watched)s the population is held to be the same, from %(shifted)s on to be another one"
        " (Siddiqi, 2006). An empty tenth counts as half a decision. Under %(least)s decisions chance alone may exceed"
        " the bounds. The reference has %(reference)s decisions, which are not compared with themselves."
    ) % {
        "first": f"{monitoring.REFERENCE:,}",
        "watched": f"{WATCHED:f}",
        "shifted": f"{SHIFTED:f}",
        "least": LEAST,
        "reference": f"{found.reference:,}",
    }
    drawn = [
        (date_format(one.month, "M"), one.index, PLACES[one.shift])
        for one in found.score
        if one.index is not None
    ]
    return Table(
        "stability",
        _("Population stability"),
        note,
        [_("Month"), _("Decisions"), _("Index"), _("Which says")],
        [
            [date_format(one.month, "M Y"), one.many, Plain(one.index), _said(one)]
            for one in reversed(found.score)
        ],
        charts.bars(drawn, marks=[WATCHED, SHIFTED]) if drawn else None,
        [(1, _now("Index of a month; the lines are the bounds"))],
    )


def by_factor(found: Population) -> Table:
    """Each factor by month: which of them the population moved in."""
    months = sorted({one.month for one in found.score}, reverse=True)
    labels = dict.fromkeys(one.label for one in found.facts)
    index = {(one.label, one.month): one for one in found.facts}
    return Table(
        "factors",
        _("Population stability by factor"),
        _("The same index by the card’s own bins of each factor: where the population moved."),
        [_("Factor"), *(date_format(month, "M Y") for month in months), _("The newest says")],
        [
            [
                label,
                *(
                    Plain(index[label, month].index) if (label, month) in index else Plain(None)
                    for month in months
                ),
                _said(index[label, months[0]]) if (label, months[0]) in index else "",
            ]
            for label in labels
        ],
    )


def calibration(card: ScorecardVersion) -> Table:
    last = portfolio.last_closed() or timezone.localdate() - timedelta(days=1)
    found = monitoring.calibration(card, last=last)
    # Drawn as far as loans have had their time; until then as far as they have lived.
    full = any(one.full.loans for one in found)
    drawn = [one.full if full else one.so_far for one in found]
    lines = [
        (_now("Expected"), [HUNDRED * (one.mean or 0) for one in drawn]),
        (_now("Turned bad"), [HUNDRED * (one.rate or 0) for one in drawn]),
    ]
    return Table(
        "calibration",
        _("Calibration by tenths of the probability of default"),
        _(
            "Loans paid out by this card’s decision, the safest tenth first. Bad is ever more than 90 days late, or"
            " given up, within 12 months of payout. The first columns are of loans that have had their 12 months; the"
            " others of all, as far as they have lived. Off is a number of bads that chance explains in less than 1"
            " of 20 cases."
        ),
        [
            *(_("Tenth"), _("Scores"), _("Had 12 months"), _("Expected PD"), _("Bads expected"), _("Bads")),
            *(_("Bad rate"), _("Mark"), _("All so far"), _("Expected PD of all"), _("Bads so far")),
            _("Bad rate so far"),
        ],
        [
            [
                *(str(one.number), f"{one.lowest}–{one.highest}", *_lived(one.full, expected=True)),
                Mark(_now("Off")) if one.full.is_off else "",
                *_lived(one.so_far, expected=False),
            ]
            for one in found
        ],
        charts.lines(lines, steps=monitoring.DECILES, from_nothing=False) if found else None,
        [(place, label) for place, (label, _shares) in enumerate(lines, start=1)],
    )


def _lived(found: Lived, *, expected: bool) -> list[Any]:
    cells: list[Any] = [found.loans, _percent(found.mean)]
    if expected:
        cells.append(Plain(found.expected, places=1))
    return [*cells, found.bads, _percent(found.rate)]


def _percent(part: Decimal | None) -> Percent:
    return Percent(None if part is None else HUNDRED * part)


def decided(card: ScorecardVersion, since: date) -> Table:
    return Table(
        "decided",
        _("Decisions of officers"),
        _(
            "What officers listed or declined of this card’s decisions, and how much of it the card decided otherwise."
        ),
        [_("Month"), _("Decided"), _("Against the card"), _("Of all")],
        [
            [
                date_format(one.month, "M Y"),
                *(one.decided, one.overrides, Percent(portfolio.share(one.overrides, one.decided))),
            ]
            for one in monitoring.decided_by_month(card, since=since)
        ],
    )


def overrides(card: ScorecardVersion, since: date, *, limit: int | None) -> Table:
    found = monitoring.overrides(card, since=since, limit=limit)
    keys = {one.decided_by_id for one in found} | {
        one.recommended_by_id for one in found if one.recommended_by_id
    }
    people = User.objects.select_related("profile").in_bulk(keys)
    return Table(
        "overrides",
        _("Override log"),
        _now(
            "Decisions of officers against the card’s in the last twelve months: who, why, and what became of it. The"
            " page has the newest %(shown)s, the file all."
        )
        % {"shown": SHOWN},
        [
            *(
                _("When"),
                _("Application"),
                _("Score"),
                _("Cut-off"),
                _("Decided"),
                _("Reason"),
                _("In words"),
            ),
            *(_("By"), _("Recommended by"), _("Now"), _("Turned bad")),
        ],
        [_logged(one, people, plain=limit is None) for one in found],
    )


def _logged(one: Override, people: dict[Any, User], *, plain: bool) -> list[Any]:
    reasons = {each.code: str(each.label) for each in REASONS[one.decision]}
    first = people.get(one.recommended_by_id)
    return [
        moment(one.decided_at),
        str(one.application_id) if plain else link_to_row(Application, one.application_id),
        *(Plain(Decimal(one.score), 0), Plain(Decimal(one.cut_off), 0)),
        *(str(Decision(one.decision).label), reasons.get(one.reason_code, one.reason_code), one.note),
        *(_name(people[one.decided_by_id]), _name(first) if first else EMPTY),
        *(str(State(one.state).label), one.bad_on or EMPTY),
    ]


def _name(user: User) -> str:
    return user.display_name or user.staff_name


def _said(one: Stability) -> Mark:
    words, tone = SAID[one.shift]
    return Mark(str(words), tone)
