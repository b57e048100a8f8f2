"""What hangs on one saving, as tables: its last days, what moved, its states, quotes, automatic saving, replays."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _

from core.staff import EMPTY, Panel, amount, link, link_to_row, list_of, moment
from savings import plan_words
from savings.models import (
    Accrual,
    AutoRun,
    AutoSaving,
    ClosingQuote,
    Move,
    Replay,
    StateChange,
    UserSavings,
)
from savings.models.savings import accrual_id
from wallet.models import Transaction

SHOWN, DAYS = 20, 31
DAY = timedelta(days=1)


def of(saving: UserSavings) -> Iterator[Panel]:
    yield _days(saving)
    yield _moves(saving)
    yield _states(saving)
    yield _automatic(saving)
    yield _quotes(saving)
    yield _replays(saving)


def kobo(number: Decimal) -> str:
    """Interest that is not paid yet has more decimals than money has."""
    return _("%(kobo)s kobo") % {"kobo": plan_words.plain(number)}


def _days(saving: UserSavings) -> Panel:
    """The days before the one that is open, or before today: an accrual is found by its own id."""
    open_day = saving.position.next_day or timezone.localdate()
    keys = [accrual_id(saving.pk, open_day - back * DAY) for back in range(1, DAYS + 1)]
    rows = Accrual.objects.filter(pk__in=keys).order_by("-pk")
    currency = saving.plan.currency_id
    return Panel(
        _("Last days of interest"),
        [_("Day"), _("Balance"), _("A year"), _("Earned"), _("Not paid yet"), _("Paid"), _("Tax withheld")],
        [
            [
                row.day.isoformat(),
                amount(row.balance, currency),
                plan_words.percent(row.rate),
                kobo(row.accrued),
                kobo(row.carry),
                link_to_row(Transaction, row.posting_id) if row.posting_id else EMPTY,
                amount(row.tax, currency) if row.tax else EMPTY,
            ]
            for row in rows
        ],
    )


def _moves(saving: UserSavings) -> Panel:
    rows = Move.objects.filter(saving=saving).order_by("-value_date", "-pk")[:SHOWN]
    return Panel(
        _("Latest movements"),
        [_("Counts from"), _("What"), _("Posting"), _("Made"), _("Amount")],
        [
            [
                move.value_date.isoformat(),
                move.get_kind_display(),
                link_to_row(Transaction, move.pk),
                moment(move.made_at),
                amount(move.amount, saving.plan.currency_id, sign=True),
            ]
            for move in rows
        ],
    )


def _states(saving: UserSavings) -> Panel:
    rows = StateChange.objects.filter(saving=saving).order_by("-pk")[:SHOWN]
    return Panel(
        _("What became of it"),
        [_("From"), _("To"), _("Day"), _("When"), _("By"), _("Why")],
        [
            [
                each.get_was_display(),
                each.get_now_display(),
                each.on.isoformat(),
                moment(each.made_at),
                each.actor_id or EMPTY,
                each.reason or EMPTY,
            ]
            for each in rows
        ],
    )


def _automatic(saving: UserSavings) -> Panel:
    runs = AutoRun.objects.filter(automatic__saving=saving).select_related("automatic")
    return Panel(
        _("Latest automatic saving"),
        [_("Day"), _("How"), _("State"), _("Tries"), _("Why not"), _("Amount")],
        [
            [
                link(run, run.due_date.isoformat()),
                run.automatic.get_kind_display(),
                run.get_state_display(),
                run.tries,
                run.reason or run.code or EMPTY,
                amount(run.amount, saving.plan.currency_id),
            ]
            for run in runs.order_by("-due_date", "-pk")[:SHOWN]
        ],
        list_of(AutoSaving, saving__id__exact=saving.pk),
    )


def _quotes(saving: UserSavings) -> Panel:
    currency = saving.plan.currency_id
    return Panel(
        _("Latest quotes of ending it"),
        [_("Quoted"), _("Early"), _("Holds until"), _("Used"), _("It costs"), _("Pays out")],
        [
            [
                moment(quote.made_at),
                _("Yes") if quote.is_early else _("No"),
                moment(quote.expires_at),
                moment(quote.used_at),
                amount(quote.costs, currency),
                amount(quote.pays_out, currency),
            ]
            for quote in ClosingQuote.objects.filter(saving=saving).order_by("-pk")[:SHOWN]
        ],
    )


def _replays(saving: UserSavings) -> Panel:
    rows = Replay.objects.filter(saving=saving).annotate(days=Count("replaced")).order_by("-pk")[:SHOWN]
    return Panel(
        _("Days closed anew"),
        [_("Since"), _("Days that were others before"), _("When"), _("By"), _("Why")],
        [
            [
                replay.since.isoformat(),
                replay.days,
                moment(replay.made_at),
                replay.actor_id or EMPTY,
                replay.reason,
            ]
            for replay in rows
        ],
    )
