"""What a product's rules say beside how it is paid back, in words for borrowers and lenders alike.

Only what is unusual is said: monthly instalments to the kobo, asked from the first on, say nothing. Amounts are minor
units (kobo).
"""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.templatetags.money import money
from core.templatetags.rates import percent
from credit.drawdown import Drawdown
from credit.product_choices import order_words
from credit.product_rules import ProductRules
from credit.terms import Effect, Half, Paying, Rounding, To
from wallet.rhythm import DAILY, MONTHLY, WEEKLY

Row = tuple[str, str]


def unusual(rules: ProductRules, currency: str) -> list[Row]:
    """Return each rule that is not the usual one: what it is about, and what it says."""
    return [
        *_payout(rules.drawdown),
        *_rhythm(rules),
        *_beginning(rules),
        *_growing(rules),
        *_rounding(rules.rounding, currency),
        *_paying(rules.paying),
    ]


def rhythm(rules: ProductRules) -> str:
    """How often an instalment comes."""
    words = {
        DAILY: ngettext("Every day", "Every %(number)s days", rules.every),
        WEEKLY: ngettext("Every week", "Every %(number)s weeks", rules.every),
        MONTHLY: ngettext("Every month", "Every %(number)s months", rules.every),
    }
    return words[rules.rhythm] % {"number": rules.every}


def _payout(rule: Drawdown) -> Iterator[Row]:
    if not rule.is_whole:
        words = _(
            "In up to %(parts)s parts, as you ask for them within %(days)s days of signing; the smallest is %(least)s "
            "of the loan. Interest runs on what was paid out alone"
        )
        yield _("Paid out"), words % {"parts": rule.parts, "days": rule.days, "least": percent(rule.least)}


def _rhythm(rules: ProductRules) -> Iterator[Row]:
    if (rules.rhythm, rules.every) != (MONTHLY, 1):
        yield _("Instalments come"), rhythm(rules)


def _beginning(rules: ProductRules) -> Iterator[Row]:
    grace, title = rules.grace, _("At first")
    if grace.no_principal:
        words = ngettext(
            "The first instalment pays back nothing of the loan",
            "The first %(number)s instalments pay back nothing of the loan",
            grace.no_principal,
        )
        yield title, words % {"number": grace.no_principal}
    if grace.interest_later and grace.capitalised:
        words = ngettext(
            "Interest of the first instalment is not asked for but added to the loan, and earns interest",
            "Interest of the first %(number)s instalments is not asked for but added to the loan, and earns interest",
            grace.interest_later,
        )
        yield title, words % {"number": grace.interest_later}
    elif grace.interest_later:
        words = ngettext(
            "Interest of the first instalment waits, and is asked for with the one after it",
            "Interest of the first %(number)s instalments waits, and is asked for all at once with the one after them",
            grace.interest_later,
        )
        yield title, words % {"number": grace.interest_later}
    if grace.interest_free:
        words = ngettext(
            "Until the first instalment no interest is charged",
            "Until instalment %(number)s no interest is charged",
            grace.interest_free,
        )
        yield title, words % {"number": grace.interest_free}


def _growing(rules: ProductRules) -> Iterator[Row]:
    if rules.capitalise_unpaid:
        words = _(
            "Where an instalment is less than its interest, the rest is added to the loan and earns interest: you may "
            "owe more than you borrowed"
        )
        yield _("What you owe may grow"), words
    if rules.arrears_earn:
        yield _("Interest on interest"), _("Interest that is overdue earns interest until it is paid")


def _rounding(rounding: Rounding, currency: str) -> Iterator[Row]:
    title = _("Rounding")
    if rounding.multiple > 1:
        words = {
            To.NEAREST: _("Instalments are rounded to the nearest %(multiple)s; the last takes what is left"),
            To.UP: _("Instalments are rounded up to %(multiple)s; the last takes what is left"),
            To.DOWN: _("Instalments are rounded down to %(multiple)s; the last takes what is left"),
        }
        yield title, words[rounding.to] % {"multiple": money(rounding.multiple, currency)}
    elif rounding.to is not To.NEAREST:
        up, down = _("Instalments are rounded up to a kobo"), _("Instalments are rounded down to a kobo")
        yield title, up if rounding.to is To.UP else down
    if rounding.interest is Half.UP:
        yield title, _("Half a kobo of interest is rounded up")
    if rounding.smoothed:
        yield title, _("Instalments are moved a little, so that the last is near the others")


def _paying(paying: Paying) -> Iterator[Row]:
    usual = Paying()
    if paying.order != usual.order:
        yield _("A payment pays first"), order_words(paying.order)
    if not paying.row_by_row:
        words = _("Of several late instalments, all of one kind is paid before the next kind")
        yield _("Being late with several"), words
    if not paying.accrued_first:
        yield _("Paying ahead"), _("Pays the loan at once; interest is asked for on its day")
    if paying.effect is not Effect.SMALLER:
        effects = {
            Effect.FEWER: _("Ends the loan earlier, unless you choose otherwise"),
            Effect.POSTPONED: _("Pays the next instalments in advance, unless you choose otherwise"),
        }
        yield _("Paying more than is due"), effects[paying.effect]
