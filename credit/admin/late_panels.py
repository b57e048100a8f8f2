"""What hangs on a late loan, as tables: who spoke with its borrower, reminders, tries to collect, pauses, buckets."""

from collections.abc import Iterable

from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.staff import EMPTY, Panel, amount, link, moment
from credit.models import BucketChange, Case, Collection, DelinquencyPause, Position, Reminder

SHOWN = 50


def panels_of(row: Position) -> Iterable[Panel]:
    currency = row.loan.currency_id
    spoken = Case.objects.filter(
        application=row.pk, kind=Case.Kind.COLLECTIONS, decided_at__isnull=False
    ).select_related("decided_by__profile")
    yield Panel(
        _("Spoken with"),
        [_("When"), _("By"), _("What was said")],
        [
            [moment(each.decided_at), _named(each.decided_by), each.note]
            for each in spoken.order_by("-pk")[:SHOWN]
        ],
    )
    yield Panel(
        _("Reminders"),
        [_("Sent"), _("What"), _("Due day")],
        [
            [moment(each.made_at), each.get_kind_display(), each.due_date.isoformat()]
            for each in Reminder.objects.filter(loan=row.pk).order_by("-pk")[:SHOWN]
        ],
    )
    yield Panel(
        _("Taken from the wallet"),
        [_("Due day"), _("State"), _("Tries"), _("Next try"), _("What is in the way"), _("Taken")],
        [
            [
                *(each.due_date.isoformat(), each.get_state_display(), each.tries),
                *(moment(each.next_try_at), each.code or EMPTY, amount(each.taken, currency)),
            ]
            for each in Collection.objects.filter(loan=row.pk).order_by("-due_date")[:SHOWN]
        ],
    )
    yield Panel(
        _("Pauses"),
        [_("Since"), _("Until"), _("Why")],
        [
            [each.since.isoformat(), each.until.isoformat(), each.reason]
            for each in DelinquencyPause.objects.filter(loan=row.pk).order_by("-pk")[:SHOWN]
        ],
    )
    yield Panel(
        _("How late it was"),
        [_("Day"), _("From"), _("To"), _("Days"), _("Stage")],
        [
            [
                *(each.day.isoformat(), each.get_was_display(), each.get_now_display()),
                *(each.overdue_days, each.stage_now),
            ]
            for each in BucketChange.objects.filter(loan=row.pk).order_by("-day")[:SHOWN]
        ],
    )


def _named(user: User | None) -> SafeString | str:
    return link(user, user.display_name or user.staff_name) if user else EMPTY
