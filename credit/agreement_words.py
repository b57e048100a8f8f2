"""What a loan's key facts say in words: the very same on the screen and on paper, made from what the paper keeps.

Pure, but for the language. Amounts are minor units (kobo).
"""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.templatetags.money import money
from core.templatetags.rates import percent
from credit import borrowing_words, product_words
from credit.drawdown import Drawdown
from credit.models import Consent
from credit.periods import MONTH_12, MONTH_12_EU
from credit.terms import Counts, Paying
from credit.terms_data import late_of, rules_of

Facts = dict[str, Any]
Rows = list[tuple[str, str]]


@dataclass(frozen=True)
class Section:
    """Some facts under a title; `note` is said below them."""

    title: str
    rows: Rows
    note: str = ""


def headline(facts: Facts) -> Rows:
    """The four figures that matter most."""
    currency = facts["currency"]
    return [
        (_("You receive"), money(facts["received"], currency)),
        (_("First instalment"), money(_first(facts)[4], currency)),
        (_("APR, all costs"), percent(Decimal(facts["apr"]))),
        (_("You pay back"), money(facts["total_payable"], currency)),
    ]


def _first(facts: Facts) -> list[Any]:
    """The first instalment that asks for something."""
    rows: list[list[Any]] = facts["rows"]
    return next((row for row in rows if row[4]), rows[0])


def sections(facts: Facts) -> list[Section]:
    """All there is to know, part by part."""
    found = [_cost(facts), *_in_parts(facts), _paying(facts), _late(facts), _early(facts)]
    return [*found, _going_back(facts), *_rest(facts)]


def schedule(facts: Facts) -> list[tuple[int, date, int, int, int, int]]:
    """Each instalment: number, due day, interest, principal, what is paid, what is left of the loan."""
    return [(row[0], date.fromisoformat(row[1]), *row[2:]) for row in facts["rows"]]


def as_of(facts: Facts) -> str:
    """For which day of the payout the days are given, and what another one changes."""
    day = {"day": _day(facts["on"])}
    if rules_of(facts["rules"]).day_count in (MONTH_12, MONTH_12_EU):
        return (
            _("Days are those of a payout on %(day)s. Later, every due day is later too; the amounts stay.")
            % day
        )
    return (
        _(
            "Days and interest are those of a payout on %(day)s. Later, every due day is later too, and interest goes "
            "by the days in between."
        )
        % day
    )


def _cost(facts: Facts) -> Section:
    currency = facts["currency"]
    rules = rules_of(facts["rules"])
    rows = [
        (_("Amount of the loan"), money(facts["amount"], currency)),
        (_("Fees, kept back from the payout"), money(facts["fees"], currency)),
        (_("You receive in your wallet"), money(facts["received"], currency)),
        (
            _("Nominal rate"),
            _("%(rate)s a year; %(basis)s")
            % {"rate": percent(Decimal(facts["rate"])), "basis": _basis(rules.day_count)},
        ),
        (_("Yearly rate of all costs (APR)"), percent(Decimal(facts["apr"]))),
        (_("Interest in all"), money(facts["interest"], currency)),
        (_("You pay back in all"), money(facts["total_payable"], currency)),
    ]
    note = _(
        "The APR counts every fee and every rounding, by the rule of the European Union. Alajo charges you nothing."
    )
    return Section(_("What it costs"), rows, note)


def _basis(day_count: str) -> str:
    if day_count in (MONTH_12, MONTH_12_EU):
        return _("each month is a twelfth of a year")
    return _("days are counted by %(convention)s") % {"convention": day_count}


def _in_parts(facts: Facts) -> list[Section]:
    """Nothing where it is paid out whole; papers of before parts say nothing of them."""
    told, currency = facts.get("drawdown"), facts["currency"]
    if not told:
        return []
    parts = _(
        "In up to %(parts)s parts, each when you ask for it. The smallest is %(least)s; what is left at last may be "
        "less. You need not take all of it."
    )
    days = ngettext(
        "For %(days)s day after everybody has signed; until %(last)s, if it is signed on %(signed)s. What you did not "
        "ask for by then is no longer lent, and costs nothing.",
        "For %(days)s days after everybody has signed; until %(last)s, if it is signed on %(signed)s. What you did not "
        "ask for by then is no longer lent, and costs nothing.",
        told["days"],
    )
    said = {"days": told["days"], "last": _day(told["last_day"])}
    rows = [
        (_("Parts"), parts % {"parts": told["parts"], "least": money(told["least"], currency)}),
        (_("Asking for them"), days % {**said, "signed": _day(facts["cooling_off"]["signed_on"])}),
        (_("Interest"), _("Only on what was paid out to you, from the day of each part.")),
        (_("Fees"), _("Kept back from each part, in proportion to it.")),
        (_("While an instalment is late"), _("No further part is paid out.")),
    ]
    note = _(
        "All figures here are those of taking all of it on the first day. With each part the instalments to come are "
        "worked out anew, and you see them before you take it."
    )
    return [Section(_("How it is paid out"), rows, note)]


def _paying(facts: Facts) -> Section:
    first, last = _first(facts), facts["rows"][-1]
    largest = max(facts["rows"], key=lambda row: row[4])
    currency, rules = facts["currency"], rules_of(facts["rules"])
    rows = [
        (_("Instalments"), str(len(facts["rows"]))),
        (_("How they are made"), borrowing_words.method(rules)),
        (_("The first"), f"{money(first[4], currency)}, {_day(first[1])}"),
        (_("The last"), f"{money(last[4], currency)}, {_day(last[1])}"),
    ]
    if largest[4] > max(first[4], last[4]):
        rows.append((_("The largest"), f"{money(largest[4], currency)}, {_day(largest[1])}"))
    # How it is paid out has a part of its own.
    rows += product_words.unusual(replace(rules, drawdown=Drawdown()), currency)
    return Section(_("How it is paid back"), rows, as_of(facts))


def _late(facts: Facts) -> Section:
    currency, example = facts["currency"], facts["late_example"]
    rows = [(_("Late charge"), borrowing_words.late(late_of(facts["late"]), currency))]
    if example:
        words = ngettext(
            "An instalment of %(instalment)s that is paid %(days)s day late: %(charge)s",
            "An instalment of %(instalment)s that is paid %(days)s days late: %(charge)s",
            example["days"],
        )
        said = {name: money(example[name], currency) for name in ("instalment", "charge")}
        rows.append((_("For example"), words % {**said, "days": example["days"]}))
    rows.append(
        (
            _("Credit bureaux"),
            _(
                "How you pay is reported to licensed credit bureaux each month. Paying on time helps you; paying late "
                "can make later loans dearer, or impossible, for years."
            ),
        )
    )
    if rules_of(facts["rules"]).arrears_earn:
        note = _(
            "What you borrowed earns interest until it is paid, and so does interest that is overdue. There is no "
            "charge on charges."
        )
    else:
        note = _(
            "What you borrowed earns interest until it is paid. There is no interest on interest, and no charge on "
            "charges."
        )
    return Section(_("If you pay late"), rows, note)


def _early(facts: Facts) -> Section:
    currency, example = facts["currency"], facts["early_example"]
    rules = rules_of(facts["rules"])
    if rules.paying.counts is Counts.DAY:
        rule = _("At any time, in part or in all, without a fee. Interest is charged to the day.")
    else:
        rule = _("At any time, in part or in all, without a fee. Interest is charged to the next due day.")
    rows = [(_("Paying early"), rule), (_("An instalment paid before its day"), _ahead(rules.paying))]
    if example:
        words = _(
            "All of it paid off on %(day)s, with instalment %(number)s: %(total)s instead of %(instead)s, which saves "
            "%(saves)s"
        )
        said = {name: money(example[name], currency) for name in ("total", "instead", "saves")}
        rows.append(
            (_("For example"), words % {**said, "day": _day(example["on"]), "number": example["number"]})
        )
    return Section(_("If you pay early"), rows)


def _ahead(paying: Paying) -> str:
    if not paying.accrued_first:
        return _("All of it lowers what you owe at once. Its interest is asked for on its day.")
    if paying.counts is Counts.PERIOD:
        return _("Is paid.")
    return _(
        "Is paid. Interest of the days that are left until then is part of the next instalment, which gets no larger."
    )


def _going_back(facts: Facts) -> Section:
    cooling = facts["cooling_off"]
    days = ngettext("%(days)s working day", "%(days)s working days", cooling["days"]) % {
        "days": cooling["days"]
    }
    rows = [
        (
            _("Cooling-off"),
            _(
                "For %(days)s after everybody has signed you may cancel without a reason: you give back what you "
                "received, and pay neither interest nor a fee."
            )
            % {"days": days},
        ),
        (
            _("Its last day"),
            _("%(last)s, if it is signed on %(signed)s")
            % {"last": _day(cooling["last_day"]), "signed": _day(cooling["signed_on"])},
        ),
    ]
    if facts["sign_by"]:
        rows.append(
            (_("Sign by"), _("%(day)s; after that the offer lapses") % {"day": _day(facts["sign_by"])})
        )
    return Section(_("If you change your mind"), rows)


def _rest(facts: Facts) -> list[Section]:
    found = []
    if facts["conditions"]:
        found.append(
            Section(_("Conditions"), [(str(at), said) for at, said in enumerate(facts["conditions"], 1)])
        )
    for lender in facts["lenders"]:
        rows = [
            (_("Lender"), lender["name"]),
            (_("Licence"), lender["licence"]),
            (
                _("Lends"),
                _("%(amount)s at %(rate)s a year")
                % {
                    "amount": money(lender["amount"], facts["currency"]),
                    "rate": percent(Decimal(lender["rate"])),
                },
            ),
            (_("Complaints"), ", ".join(one for one in (lender["email"], lender["phone"]) if one)),
        ]
        found.append(Section(_("Who lends"), rows))
    found.append(
        Section(
            _("If something is wrong"),
            [
                (
                    _("Complaints"),
                    _(
                        "Write to the lender, or to Alajo on the help page. You hear from us within 24 hours and "
                        "have an answer within 48. If that does not settle it, go to the Federal Competition and "
                        "Consumer Protection Commission (FCCPC)."
                    ),
                )
            ],
        )
    )
    if facts["consents"]:
        said = [
            (
                str(Consent.Kind(kind).label),
                _("%(day)s, version %(version)s") % {"day": _day(day), "version": version},
            )
            for kind, version, day in facts["consents"]
        ]
        found.append(
            Section(
                _("What you agreed to"), said, _("You can take back each of them on the application’s page.")
            )
        )
    return found


def _day(text: str) -> str:
    return date_format(date.fromisoformat(text), "j F Y")
