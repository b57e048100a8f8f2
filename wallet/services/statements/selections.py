"""Part of a history, as somebody narrowed it down: as CSV while it is read, or on paper up to some length."""

from collections.abc import Iterator
from contextlib import nullcontext
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, Sum
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.errors import DomainError
from core.spreadsheets import Number, csv_lines
from wallet import wording
from wallet.models import Account
from wallet.models.ledger import EntryQuerySet
from wallet.services import papers
from wallet.services.statements.contents import names_of
from wallet.services.statements.files import decimal
from wallet.services.statements.lines import CHUNK, FIELDS, LAGOS, Block, Line

MOST_ON_PAPER = 5_000


class TooMuchForPaper(DomainError):
    code = "too_much_for_paper"
    message = gettext_lazy("These are too many movements for a PDF. Narrow them down, or take the CSV file.")


def rows_of(entries: EntryQuerySet, *, as_reader: Block = nullcontext) -> Iterator[tuple[Line, str]]:
    """Yield entries, the newest first, each with the name of its other side; a chunk in memory at a time."""
    before: int | None = None
    while True:
        with as_reader():
            rest = entries.before(before) if before else entries
            lines = [Line(*row) for row in rest.values_list(*FIELDS)[:CHUNK]]
            names = names_of(line.counterparty_id for line in lines)
        for line in lines:
            own = line.kind in wording.OWN_MONEY
            yield line, "" if own else names.get(str(line.counterparty_id), "")
        if len(lines) < CHUNK:
            return
        before = lines[-1].version


def csv(entries: EntryQuerySet, *, account: Account, as_reader: Block = nullcontext) -> Iterator[bytes]:
    """Yield exactly these entries as CSV."""
    currency = account.currency_id
    header = [
        *(
            "effective_at",
            "kind",
            "counterparty",
            "description",
            "amount",
            "balance",
            "currency",
            "transaction",
        ),
    ]
    yield from csv_lines(
        header,
        (
            [
                localtime(line.effective_at, LAGOS).isoformat(),
                line.kind,
                name,
                line.description,
                Number(decimal(line.change, currency)),
                Number(decimal(line.balance, currency)),
                currency,
                str(line.transaction_id),
            ]
            for line, name in rows_of(entries, as_reader=as_reader)
        ),
    )


def totals(entries: EntryQuerySet) -> dict[str, Any]:
    """Return how many entries there are, and the money in and out of them."""
    found = entries.order_by().aggregate(
        count=Count("version"),
        money_in=Sum("change", filter=Q(change__gt=0), default=0),
        signed_out=Sum("change", filter=Q(change__lt=0), default=0),
    )
    return {
        "count": found["count"],
        "money_in": int(found["money_in"]),
        "money_out": -int(found["signed_out"]),
    }


def pdf(
    entries: EntryQuerySet, *, account: Account, asked: list[tuple[str, str]], holder: str, at: datetime
) -> bytes:
    """Return exactly these entries on paper, with their totals. Raises TooMuchForPaper.

    It is a list of one's own and no document: it carries no code, and says so.
    """
    currency, found = account.currency_id, totals(entries)
    if found["count"] > MOST_ON_PAPER:
        raise TooMuchForPaper
    rows = []
    for line, name in rows_of(entries):
        title = name or str(wording.kind(line.kind))
        rows.append(
            [
                papers.day(line.effective_at),
                f"{title} · {line.description}" if line.description else title,
                papers.figure(-line.change, currency) if line.change < 0 else "",
                papers.figure(line.change, currency) if line.change > 0 else "",
                papers.figure(line.balance, currency),
            ]
        )
    rows, is_tight = papers.fitted(rows)
    return papers.draw_list(
        facts={
            "title": _("Movements"),
            "period": papers.moment(at),
            "facts": [(_("Account of"), holder), *asked],
            "sums": [
                (_("Movements"), f"{found['count']:,}"),
                (_("Money in"), papers.money(found["money_in"], currency)),
                (_("Money out"), papers.money(found["money_out"], currency)),
                (_("Together"), papers.money(found["money_in"] - found["money_out"], currency, sign=True)),
            ],
            "rows": rows,
            "tight": is_tight,
            "words": {
                "columns": [
                    _("Date"),
                    _("Movement"),
                    _("Out"),
                    _("In"),
                    _("Balance %(currency)s") % {"currency": currency},
                ],
                "nothing": _("No movement fits what you asked for."),
                "cut": papers.cut_note(),
                "note": _("A list made for you. For a paper that others can check, make a statement."),
            },
        },
        at=at,
    )
