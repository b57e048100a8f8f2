"""What the screen of a case shows: the file, what the bureaux say, the score bin by bin, what was decided before."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import AuditEvent, KycApplication, User
from accounts.services.kyc.duplicates import Duplicate, duplicates_of
from core.staff import EMPTY, Panel, amount, anchor, link, moment, page_of
from credit import bureaux
from credit.admin.disputes import address_to_dispute
from credit.card_data import card_of
from credit.case_reasons import Decision, reason_label
from credit.decisions import replay
from credit.inputs import INPUTS
from credit.models import Application, BureauReport, Case, CreditScore, StatusChange
from credit.scorecard import Value
from credit.services.deciding import newest_score
from credit.services.searching import report_in
from credit.states import Actor, Event

LATEST = 50
STANDINGS = {bureaux.CLEAR: _("Paid as agreed"), bureaux.LATE: _("Late"), bureaux.DEFAULT: _("In default")}
DEEDS = {
    "credit.case.opened": _("Opened"),
    "credit.case.claimed": _("Claimed"),
    "credit.case.released": _("Let go"),
    "credit.case.noted": _("Note written"),
    "credit.case.recommended": _("Recommended"),
    "credit.case.sent_back": _("Sent back"),
    "credit.case.decided": _("Decided"),
}
UNITS = {one.name: one.unit for one in INPUTS}


@dataclass(frozen=True)
class Screen:
    """Everything on the screen of one case, for one reader."""

    facts: list[tuple[str | Promise, Any]]
    score: CreditScore | None
    # Each with where this reader may mark it as disputed, if they may.
    reports: list[tuple[Panel, str]]
    panels: list[Panel]
    duplicates: list[Duplicate]
    notes: list[tuple[str, str, datetime]]


def screen_of(case: Case, *, reader: Any, at: datetime) -> Screen:
    application, score = case.application, newest_score(case.application)
    return Screen(
        facts=_file(application),
        score=score,
        reports=list(_reports(application, reader)),
        panels=[
            *([_bins(score)] if score else []),
            _questions(application),
            _cases(application),
            _others(application),
            states_of(application),
            _looks(case),
        ],
        duplicates=_duplicates(application, at),
        notes=list(_notes(case)),
    )


def states_of(application: Application) -> Panel:
    rows = StatusChange.objects.filter(application=application).order_by("-id")[:LATEST]
    columns = [_("From"), _("To"), _("What"), _("Whose step"), _("Why"), _("When")]
    return Panel(
        _("History"),
        columns,
        [
            [
                *(each.get_was_display(), each.get_now_display()),
                *(Event(each.event).label, Actor(each.who).label, reason_label(each.reason) or EMPTY),
                moment(each.made_at),
            ]
            for each in rows
        ],
    )


def _file(application: Application) -> list[tuple[str | Promise, Any]]:
    def money(value: int | None) -> Any:
        return amount(value, application.currency_id)

    since = application.employed_since
    return [
        (_("Amount"), money(application.amount)),
        (_("Monthly instalments"), application.count or EMPTY),
        (_("Purpose"), application.get_purpose_display() or EMPTY),
        (_("In their words"), application.purpose_text or EMPTY),
        (_("Work"), application.get_employment_display() or EMPTY),
        (_("Since"), date_format(since, "j F Y") if since else EMPTY),
        (_("Income a month"), money(application.income)),
        (_("Living costs a month"), money(application.expenses)),
        (_("Repayments a month"), money(application.debts)),
        (_("Sent"), moment(application.submitted_at)),
        (_("Complete"), moment(application.complete_at)),
    ]


def _reports(application: Application, reader: Any) -> Iterator[tuple[Panel, str]]:
    rows = BureauReport.objects.filter(application=application).order_by("-id")[:10]
    for row in rows:
        row.application = application
        yield _report(row, application.currency_id), address_to_dispute(row, reader)


def _report(row: BureauReport, currency: str) -> Panel:
    name, kind, when = (
        bureaux.name_of(row.bureau),
        row.get_kind_display(),
        date_format(timezone.localtime(row.asked_at), "Y-m-d H:i"),
    )
    title = f"{name} · {kind} · {when}"
    if row.disputed_at is not None:
        title += " · " + _now("disputed: %(why)s") % {"why": row.dispute}
    if row.state != BureauReport.State.ANSWERED:
        return Panel(title, [_("State"), _("Why")], [[row.get_state_display(), row.error or EMPTY]])
    report = report_in(row)
    if not report.found:
        return Panel(title, [_("Answer")], [[_("Nobody of that name")]])
    columns = [_("Lender"), _("Opened"), _("Standing"), _("Owed"), _("A month"), _("Days late at worst")]
    lines = [
        [
            *(line.lender, line.opened, STANDINGS.get(line.standing, line.standing)),
            amount(line.owed, currency),
            amount(line.monthly, currency),
            line.late_days,
        ]
        for line in report.lines
    ]
    many = report.inquiries
    asked = ngettext("%(count)d inquiry in 6 months", "%(count)d inquiries in 6 months", many) % {
        "count": many
    }
    return Panel(f"{title} · {asked}", columns, lines)


def _bins(score: CreditScore) -> Panel:
    """The score, from its own record: each fact, its bin and points, and what those near the cut-off have."""
    scored = replay(score.record, card_of(score.card.card)).score
    rows: list[list[Any]] = [
        [
            hit.characteristic.label,
            hit.bin.words if isinstance(hit.value, str) else _shown(hit.characteristic.name, hit.value),
            hit.bin.words,
            hit.bin.points,
            hit.characteristic.average,
        ]
        for hit in scored.hits
    ]
    rows += [
        [
            hit.rule.label,
            hit.bin.words if isinstance(hit.value, str) else _shown(hit.rule.input, hit.value),
            hit.bin.words,
            _("declines by itself"),
            EMPTY,
        ]
        for hit in scored.rules_hit
    ]
    title = _now("Score %(score)d, cut-off %(cut_off)d, by %(card)s") % {
        "score": score.score,
        "cut_off": score.cut_off,
        "card": str(score.card),
    }
    return Panel(
        title, [_("Fact"), _("Value"), _("Bin"), _("Points"), _("Average of those who just pass")], rows
    )


def _shown(name: str, value: Value) -> str:
    if value is None:
        return _now("not known")
    return f"{value} {UNITS.get(name, '')}".strip()


def _questions(application: Application) -> Panel:
    rows = application.questions.select_related("asked_by__profile").order_by("-id")[:LATEST]
    return Panel(
        _("Asked and answered"),
        [_("Asked"), _("By"), _("When"), _("Answer"), _("Answered")],
        [
            [
                *(each.text, colleague(each.asked_by), moment(each.asked_at)),
                *(each.answer or EMPTY, moment(each.answered_at)),
            ]
            for each in rows
        ],
    )


def _cases(application: Application) -> Panel:
    rows = Case.objects.filter(application__user_id=application.user_id, decided_at__isnull=False)
    return Panel(
        _("Decisions on this applicant"),
        [_("Kind"), _("Decision"), _("Reason"), _("For colleagues"), _("By"), _("When"), _("Case")],
        [
            [
                *(each.get_kind_display(), Decision(each.decision).label),
                *(reason_label(each.reason_code) or EMPTY, each.note or EMPTY),
                colleague(each.decided_by) if each.decided_by else EMPTY,
                moment(each.decided_at),
                anchor(page_of(Case, each.pk), short(each)),
            ]
            for each in rows.select_related("decided_by__profile").order_by("-id")[:LATEST]
        ],
    )


def _others(application: Application) -> Panel:
    """What the same person asked for before."""
    rows = Application.objects.filter(user_id=application.user_id).exclude(pk=application.pk)
    return Panel(
        _("Other applications"),
        [_("Made"), _("Amount"), _("State")],
        [
            [moment(each.made_at), amount(each.amount, each.currency_id), each.get_state_display()]
            for each in rows.order_by("-id")[:LATEST]
        ],
    )


def _duplicates(application: Application, at: datetime) -> list[Duplicate]:
    """Who else might be the same person, by what they gave when they identified themselves."""
    known = KycApplication.objects.filter(customer_id=application.user_id).order_by("-id").first()
    return duplicates_of(application=known, at=at) if known else []


def _trail(case: Case) -> list[AuditEvent]:
    found = AuditEvent.objects.filter(target_type=case._meta.label_lower, target_id=str(case.pk))
    return list(found.order_by("-id")[:LATEST])


def _notes(case: Case) -> Iterator[tuple[str, str, datetime]]:
    noted = [each for each in _trail(case) if each.action == "credit.case.noted"]
    people = _people(noted)
    for each in noted:
        yield each.data["text"], _named(each, people), each.recorded_at


def _looks(case: Case) -> Panel:
    found = _trail(case)
    people = _people(found)
    return Panel(
        _("What was done and seen"),
        [_("Deed"), _("When"), _("Who")],
        [
            [DEEDS.get(each.action, each.action), moment(each.recorded_at), _named(each, people)]
            for each in found
        ],
    )


def _people(events: list[AuditEvent]) -> dict[Any, User]:
    return User.objects.select_related("profile").in_bulk({each.actor_id for each in events if each.actor_id})


def _named(event: AuditEvent, people: dict[Any, User]) -> str:
    user = people.get(event.actor_id) if event.actor_id else None
    return colleague(user) if user else EMPTY


def colleague(user: User) -> str:
    """A member of staff by the name that colleagues know."""
    return user.display_name or user.staff_name


def link_to(user: User) -> Any:
    return link(user, colleague(user))


def short(case: Case) -> str:
    """The end of an id, by which colleagues name a case to each other."""
    return case.pk.hex[-8:]
