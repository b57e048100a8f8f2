"""Papers of savings as tagged PDF: from what the document keeps, so the same bytes each time."""

from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from wallet.models import Document
from wallet.services import papers


def statement_pdf(document: Document) -> bytes:
    """Return a saving's statement."""
    told = document.facts
    currency, since, until = told["currency"], _day(told["since"]), _day(told["until"])
    with override(document.language):
        rows, balance = [], told["opening"]
        for day, kind, amount in told["lines"]:
            balance += amount
            rows.append(_row(_day(day), kind, amount, balance, currency))
        rows, is_tight = papers.fitted(rows)
        sums = [told["opening"], _sum(told, True), _sum(told, False), balance]
        shown = [papers.money(amount, currency) for amount in sums]
        names = [_("Opening balance"), _("Money in"), _("Money out"), _("Closing balance")]
        return papers.draw(
            template="statement",
            document=document,
            facts={
                "title": _("Savings statement"),
                "period": _period(since, until),
                "facts": [
                    (_("Saving of"), told["holder"]),
                    (_("Saving"), told["name"]),
                    (_("Plan"), told["plan"]),
                    (_("Interest, before tax"), papers.money(_interest(told), currency)),
                    (_("Tax withheld"), papers.money(_tax(told), currency)),
                    (_("Issued"), papers.moment(document.issued_at)),
                ],
                "sums": list(zip(names, shown, strict=True)),
                "rows": rows,
                "late": len(told["at_start"]),
                "tight": is_tight,
                "equation": f"{shown[0]} + {shown[1]} − {shown[2]} = {shown[3]}",
                "words": {
                    "columns": [
                        _("Date"),
                        _("Movement"),
                        _("Out"),
                        _("In"),
                        _("Balance %(currency)s") % {"currency": currency},
                    ],
                    "nothing": _("Nothing moved in this saving in these days."),
                    "late": _at_start(told),
                    "adds_up": _("It adds up"),
                    "cut": papers.cut_note(),
                },
            },
        )


def certificate_pdf(document: Document) -> bytes:
    """Return a year's certificate of interest."""
    told = document.facts
    currency, until = told["currency"], _day(told["until"])
    rows = told["rows"]
    gross, tax = sum(row[2] for row in rows), sum(row[3] for row in rows)
    with override(document.language):
        return papers.draw(
            template="interest",
            document=document,
            facts={
                "title": _("Interest certificate %(year)s") % {"year": told["year"]},
                "period": _period(date(told["year"], 1, 1), until),
                "facts": [
                    (_("For"), told["holder"]),
                    (_("Currency"), currency),
                    (_("Issued"), papers.moment(document.issued_at)),
                ],
                "sums": [
                    (_("Interest, before tax"), papers.money(gross, currency)),
                    (_("Tax withheld"), papers.money(tax, currency)),
                    (_("Paid to you"), papers.money(gross - tax, currency)),
                ],
                "rows": [
                    [
                        f"{name} · {plan}",
                        *(papers.figure(amount, currency) for amount in (paid, held, paid - held)),
                    ]
                    for name, plan, paid, held in rows
                ],
                "total": [papers.figure(amount, currency) for amount in (gross, tax, gross - tax)],
                "words": {
                    "columns": [_("Saving"), _("Interest, before tax"), _("Tax withheld"), _("Paid to you")],
                    "nothing": _("No interest was paid in these days."),
                    "total": _("Together"),
                    "note": _(
                        "Interest counts in the year of the day for which it was paid; that of a whole term which was "
                        "paid at its start, in the year of that day. What was taken back when a saving was ended "
                        "early is left out. The tax was withheld when the interest was paid and is passed on to the "
                        "state."
                    ),
                },
            },
        )


def _row(day: date, kind: str, amount: int, balance: int, currency: str) -> list[str]:
    return [
        date_format(day, "j M Y"),
        words_of(kind),
        papers.figure(-amount, currency) if amount < 0 else "",
        papers.figure(amount, currency) if amount > 0 else "",
        papers.figure(balance, currency),
    ]


def words_of(kind: str) -> str:
    return {
        "CONTRIBUTION": _("Saved"),
        "WITHDRAWAL": _("Taken out"),
        "PENALTY": _("Penalty for ending early"),
        "FEE": _("Fee for taking out"),
        "REVERSAL": _("Corrected"),
        "INTEREST": _("Interest"),
        "TAX": _("Tax withheld"),
        "INTEREST_CORRECTED": _("Interest corrected"),
        "TAX_CORRECTED": _("Tax corrected"),
        "INTEREST_AT_END": _("Interest up to the end"),
        "TAX_AT_END": _("Tax withheld"),
        "INTEREST_BACK": _("Interest taken back"),
        "TAX_BACK": _("Tax given back"),
        "ROLLED_OVER": _("Saved again"),
    }[kind]


def _at_start(told: dict[str, Any]) -> str:
    if not told["at_start"]:
        return ""
    interest, tax = (papers.money(amount, told["currency"]) for amount in told["at_start"])
    words = _(
        "Interest for the whole term was paid to the wallet on the first day: %(interest)s, less %(tax)s tax."
    )
    return words % {"interest": interest, "tax": tax}


def _sum(told: dict[str, Any], came_in: bool) -> int:
    return sum(abs(line[2]) for line in told["lines"] if (line[2] > 0) == came_in)


def _interest(told: dict[str, Any]) -> int:
    paid = _of_kinds(told, "INTEREST", "INTEREST_CORRECTED", "INTEREST_AT_END", "INTEREST_BACK")
    return paid + (told["at_start"][0] if told["at_start"] else 0)


def _tax(told: dict[str, Any]) -> int:
    withheld = -_of_kinds(told, "TAX", "TAX_CORRECTED", "TAX_AT_END", "TAX_BACK")
    return withheld + (told["at_start"][1] if told["at_start"] else 0)


def _of_kinds(told: dict[str, Any], *kinds: str) -> int:
    return sum(int(line[2]) for line in told["lines"] if line[1] in kinds)


def _period(since: date, until: date) -> str:
    return _("%(since)s to %(until)s") % {
        "since": date_format(since, "j F Y"),
        "until": date_format(until, "j F Y"),
    }


def _day(text: str) -> date:
    return date.fromisoformat(text)
