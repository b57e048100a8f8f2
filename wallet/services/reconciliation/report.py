"""A day's report on paper: the figures of its page and its CSV, with their signature, and a code that confirms it."""

from datetime import date, datetime
from typing import Any
from uuid import uuid5

from django.utils.formats import date_format
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from accounts.models import User
from wallet.models import Account, Break, Document, ReconciledDay
from wallet.services import documents, papers
from wallet.services.reconciliation.figures import IN_TRANSIT, Figures, signature_of


def issue_report(
    *, account: Account, day: date, figures: Figures, closed: ReconciledDay | None, by: User, at: datetime
) -> Document:
    """Give a day's report its code: once for a closed day, and once for each figures of one that is open."""
    signature = closed.signature if closed else signature_of(figures)
    told: dict[str, Any] = {"figures": figures}
    if closed:
        told |= {
            "made_by": str(closed.made_by),
            "checked_by": str(closed.checked_by),
            "closed_at": closed.closed_at.isoformat(),
        }
    return documents.issue(
        kind=Document.Kind.RECONCILIATION,
        subject_id=closed.pk if closed else uuid5(account.pk, f"{day} {signature}"),
        sha256=signature,
        at=at,
        account=account,
        facts=told,
        language=get_language() or "en",
        issued_by=by,
    )


def report_pdf(document: Document) -> bytes:
    """Return a report as a tagged PDF, the same bytes each time."""
    figures = document.facts["figures"]
    with override(document.language):
        return papers.draw(
            template="reconciliation",
            document=document,
            facts={
                "title": _("Reconciliation"),
                "issued": _("Issued %(when)s") % {"when": papers.moment(document.issued_at)},
                "facts": _facts(document),
                "sums": _sums(figures),
                "matched": _matched(figures["rows"]),
                "items": [_item(item, figures["currency"]) for item in figures["items"]],
                "left_out": _left_out(figures),
                "digest": figures["rows"]["digest"],
                "words": {
                    "matched": _("How the day’s rows were matched"),
                    "between": _("What lies between the two balances"),
                    "columns": [_("Reference"), _("Kind"), _("The gateway"), _("Our books"), _("Difference")],
                    "nothing": _("Nothing: every row and every posting has its other side."),
                    "digest": _("Hash of the day’s rows"),
                },
            },
        )


def _facts(document: Document) -> list[tuple[str, str]]:
    told, figures = document.facts, document.facts["figures"]
    found = [
        (_("Account"), figures["account"]),
        (_("Day"), date_format(date.fromisoformat(figures["day"]), "j F Y")),
        (_("Currency"), figures["currency"]),
    ]
    if "closed_at" not in told:
        return [*found, (_("State"), _("Not closed: figures may still change"))]
    return [
        *found,
        (_("Closed"), papers.moment(datetime.fromisoformat(told["closed_at"]))),
        (_("Proposed by"), told["made_by"]),
        (_("Approved by"), told["checked_by"]),
    ]


def _sums(figures: Figures) -> list[tuple[str, str]]:
    currency = figures["currency"]
    return [
        (_("Our books"), papers.money(figures["books"], currency)),
        (_("The gateway"), papers.money(figures["gateway"], currency)),
        (_("Difference"), papers.money(figures["difference"], currency, sign=True)),
        (_("Of it listed"), papers.money(figures["explained"], currency, sign=True)),
    ]


def _matched(rows: dict[str, Any]) -> list[tuple[str, str, float]]:
    """Each way of matching: its name, how many rows, and their share of all."""
    lone = rows["count"] - rows["by_reference"] - rows["by_score"] - rows["by_hand"]
    ways = [
        (_("By its reference"), rows["by_reference"]),
        (_("By amount and time"), rows["by_score"]),
        (_("By hand"), rows["by_hand"]),
        (_("With nothing"), lone),
    ]
    return [(label, f"{count:,}", count / max(rows["count"], 1)) for label, count in ways]


def _item(item: dict[str, Any], currency: str) -> list[str]:
    kind = (
        _("On its way over midnight") if item["kind"] == IN_TRANSIT else str(Break.Kind(item["kind"]).label)
    )
    state = str(Break.State(item["state"]).label) if item["state"] else ""
    said = " · ".join(part for part in (kind, state, item["explanation"]) if part)
    amounts = (item["gateway"], item["books"], item["books"] - item["gateway"])
    return [
        item["reference"] or item["key"],
        said,
        *(papers.figure(amount, currency) for amount in amounts),
    ]


def _left_out(figures: Figures) -> str:
    many = figures["items_left_out"]
    return _("And %(many)s smaller ones, which the sums hold.") % {"many": f"{many:,}"} if many else ""
