"""A statement as PDF, CSV and OFX: its lines, read again from the books and proven against its hash."""

from collections.abc import Iterator
from contextlib import nullcontext
from datetime import date
from typing import Any
from xml.sax.saxutils import escape

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import override

from core.money import minor_units
from core.spreadsheets import Number, csv_lines
from wallet import wording
from wallet.models import Statement
from wallet.services import papers
from wallet.services.archives import recalls
from wallet.services.statements.contents import Contents, StatementDoesNotAddUp
from wallet.services.statements.lines import LAGOS, Block, Line, Versions, lines_of, start_of

CSV, OFX, PDF = "text/csv; charset=utf-8", "application/x-ofx", "application/pdf"
NAME = 32  # of the other side, in OFX


def file_name(statement: Statement, ending: str) -> str:
    return f"alajo-statement-{statement.since:%Y-%m-%d}-{statement.until:%Y-%m-%d}.{ending}"


def proven_lines(statement: Statement, *, as_reader: Block = nullcontext) -> Iterator[Line]:
    """Yield a statement's lines from the books; at the end they must be what was proven when it was made.

    Raises StatementDoesNotAddUp: whoever has given out pieces of it by then breaks off.
    """
    versions = Versions(
        first=statement.first_version or 1,
        last=statement.last_version or 0,
        opening=statement.opening or 0,
        closing=statement.closing or 0,
    )
    contents = Contents(statement.account, statement.since, statement.until, versions, statement.names)
    lines = lines_of(
        account=statement.account_id, first=versions.first, last=versions.last, as_reader=as_reader
    )
    for line in lines:
        contents.take(line)
        yield line
    if statement.document is None or contents.finish() != statement.document.sha256:
        raise StatementDoesNotAddUp(f"statement {statement.pk} is not what it was")


def require_readable(statement: Statement) -> None:
    """Raises MovementsInArchive where its lines are not here any more."""
    recalls.require_here(
        account=statement.account, first=statement.first_version or 1, last=statement.last_version or 0
    )


def title_of(line: Line, names: dict[str, str]) -> str:
    """Return who is on the other side, or what happened where that is us."""
    name = "" if line.kind in wording.OWN_MONEY else names.get(str(line.counterparty_id))
    return name or str(wording.kind(line.kind))


def pdf(statement: Statement) -> bytes:
    """Return a statement as a tagged PDF, the same bytes each time. Raises StatementDoesNotAddUp."""
    assert statement.document is not None
    currency, since = statement.account.currency_id, start_of(statement.since)
    with override(statement.language):
        rows, late = [], 0
        for line in proven_lines(statement):
            is_late = line.is_late(since)
            late += is_late
            rows.append(_row(line, statement, is_late))
        sums = [
            (_("Opening balance"), statement.opening),
            (_("Money in"), statement.money_in),
            (_("Money out"), statement.money_out),
            (_("Closing balance"), statement.closing),
        ]
        told = [(name, papers.money(amount or 0, currency)) for name, amount in sums]
        rows, is_tight = papers.fitted(rows)
        facts = {
            "title": _("Account statement"),
            "period": _period(statement.since, statement.until),
            "facts": [
                (_("Account of"), statement.document.facts["holder"]),
                (_("Account"), f"{statement.account_id}"),
                (_("Currency"), currency),
                (_("Period"), _period(statement.since, statement.until)),
                (_("Issued"), papers.moment(statement.document.issued_at)),
                (_("Movements"), f"{statement.lines:,}"),
            ],
            "sums": told,
            "rows": rows,
            "late": late,
            "tight": is_tight,
            "equation": f"{told[0][1]} + {told[1][1]} − {told[2][1]} = {told[3][1]}",
            "words": {
                "columns": [
                    _("Date"),
                    _("Movement"),
                    _("Out"),
                    _("In"),
                    _("Balance %(currency)s") % {"currency": currency},
                ],
                "nothing": _("Nothing moved on this account in these days."),
                "late": _("* happened before these days and was recorded in them."),
                "adds_up": _("It adds up"),
                "cut": papers.cut_note(),
            },
        }
        return papers.draw(template="statement", document=statement.document, facts=facts)


def _row(line: Line, statement: Statement, is_late: bool) -> list[str]:
    currency = statement.account.currency_id
    title = title_of(line, statement.names)
    note = line.description or ("" if title == str(wording.kind(line.kind)) else str(wording.kind(line.kind)))
    return [
        f"{papers.day(line.effective_at)}{' *' if is_late else ''}",
        f"{title} · {note}" if note else title,
        papers.figure(-line.change, currency) if line.change < 0 else "",
        papers.figure(line.change, currency) if line.change > 0 else "",
        papers.figure(line.balance, currency),
    ]


def _period(since: date, until: date) -> str:
    return _("%(since)s to %(until)s") % {
        "since": date_format(since, "j F Y"),
        "until": date_format(until, "j F Y"),
    }


def csv(statement: Statement, *, as_reader: Block = nullcontext) -> Iterator[bytes]:
    """Yield a statement as CSV, a line at a time; amounts as plain decimals."""
    currency, since = statement.account.currency_id, start_of(statement.since)
    header = [
        *("effective_at", "recorded_at", "kind", "counterparty", "description"),
        *("amount", "balance", "currency", "transaction", "late"),
    ]
    rows = (
        [
            localtime(line.effective_at, LAGOS).isoformat(),
            localtime(line.recorded_at, LAGOS).isoformat(),
            line.kind,
            statement.names.get(str(line.counterparty_id), ""),
            line.description,
            Number(decimal(line.change, currency)),
            Number(decimal(line.balance, currency)),
            currency,
            str(line.transaction_id),
            "yes" if line.is_late(since) else "",
        ]
        for line in proven_lines(statement, as_reader=as_reader)
    )
    yield from csv_lines(header, rows)


def decimal(amount: int, currency: str) -> str:
    """Return an amount of minor units as programs read it: `-1234.50`."""
    units = minor_units(currency)
    digits = str(abs(amount)).rjust(units + 1, "0")
    number = f"{digits[:-units]}.{digits[-units:]}" if units else digits
    return f"-{number}" if amount < 0 else number


def ofx(statement: Statement, *, as_reader: Block = nullcontext) -> Iterator[bytes]:
    """Yield a statement as OFX 2.2, a movement at a time, for accounting programs."""
    currency = statement.account.currency_id
    made = _ofx_time(statement.made_at)
    yield (
        '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
        '<?OFX OFXHEADER="200" VERSION="220" SECURITY="NONE" OLDFILEUID="NONE" NEWFILEUID="NONE"?>\n'
        "<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS>"
        f"<DTSERVER>{made}</DTSERVER><LANGUAGE>ENG</LANGUAGE><FI><ORG>Alajo</ORG><FID>ALAJO</FID></FI>"
        "</SONRS></SIGNONMSGSRSV1><BANKMSGSRSV1><STMTTRNRS>"
        f"<TRNUID>{statement.pk}</TRNUID><STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS>"
        f"<STMTRS><CURDEF>{currency}</CURDEF><BANKACCTFROM><BANKID>ALAJO</BANKID>"
        f"<ACCTID>{statement.account_id.hex[-22:]}</ACCTID><ACCTTYPE>CHECKING</ACCTTYPE></BANKACCTFROM>"
        f"<BANKTRANLIST><DTSTART>{_ofx_time(start_of(statement.since))}</DTSTART>"
        f"<DTEND>{_ofx_time(start_of(statement.until))}</DTEND>\n"
    ).encode()
    for line in proven_lines(statement, as_reader=as_reader):
        name = papers.printable(title_of(line, statement.names))[:NAME]
        memo = papers.printable(line.description)[:255]
        yield (
            f"<STMTTRN><TRNTYPE>{'CREDIT' if line.change > 0 else 'DEBIT'}</TRNTYPE>"
            f"<DTPOSTED>{_ofx_time(line.recorded_at)}</DTPOSTED><DTUSER>{_ofx_time(line.effective_at)}</DTUSER>"
            f"<TRNAMT>{decimal(line.change, currency)}</TRNAMT><FITID>{line.transaction_id}</FITID>"
            f"<NAME>{escape(name)}</NAME>{f'<MEMO>{escape(memo)}</MEMO>' if memo else ''}</STMTTRN>\n"
        ).encode()
    yield (
        f"</BANKTRANLIST><LEDGERBAL><BALAMT>{decimal(statement.closing or 0, currency)}</BALAMT>"
        f"<DTASOF>{_ofx_time(start_of(statement.until))}</DTASOF></LEDGERBAL></STMTRS></STMTTRNRS>"
        "</BANKMSGSRSV1></OFX>\n"
    ).encode()


def _ofx_time(moment: Any) -> str:
    return f"{localtime(moment, LAGOS):%Y%m%d%H%M%S}.000[+1:WAT]"
