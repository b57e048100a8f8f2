"""Both sides of an account as tables: the gateway's rows, our transactions, and what else we know."""

from collections.abc import Iterable
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.staff import EMPTY, Panel, amount, anchor, link, moment, page_of
from core.templatetags.money import money
from wallet.models import Break, GatewayRow, Transaction, WebhookEvent
from wallet.services.reconciliation import Candidate
from wallet.services.reconciliation.references import describe, gateways_of

MOST_SHOWN = 50


def rows_panel(title: Promise, rows: Iterable[GatewayRow]) -> Panel:
    return Panel(
        title,
        [
            _("Row"),
            _("Kind"),
            _("When"),
            _("Counts on"),
            _("Description"),
            _("Amount"),
            _("Balance after it"),
        ],
        [
            [
                link(row, row.reference or row.gateway_id[:40]),
                row.source,
                moment(row.at),
                row.day,
                row.description or EMPTY,
                amount(row.change, row.currency, sign=True),
                amount(row.balance, row.currency),
            ]
            for row in rows
        ],
    )


def transactions_panel(title: Promise, transactions: Iterable[Transaction]) -> Panel:
    return Panel(
        title,
        [_("Transaction"), _("Kind"), _("Recorded"), _("From"), _("To"), _("Description"), _("Amount")],
        [
            [
                link(each),
                each.kind,
                moment(each.recorded_at),
                each.debit_account,
                each.credit_account,
                each.description or EMPTY,
                amount(each.amount, each.currency),
            ]
            for each in transactions
        ],
    )


def known_panel(found: Break) -> Panel:
    """The third side: our own rows that name the posting, and what the gateway told us at the time."""
    known = describe(posting_ids=[found.key]).values()
    references = {found.reference, *(reference for _what, reference, _state in known)} - {""}
    gateways = gateways_of(found.account)
    webhooks = WebhookEvent.objects.filter(gateway__in=gateways, reference__in=references).order_by("-id")
    rows: list[list[Any]] = [[what, reference, state, EMPTY] for what, reference, state in known]
    rows += [
        [link(each, each.event), each.reference, each.get_state_display(), moment(each.received_at)]
        for each in webhooks[:MOST_SHOWN]
    ]
    return Panel(_("What else we know of it"), [_("What"), _("Reference"), _("State"), _("Received")], rows)


def candidates_panel(candidates: Iterable[Candidate]) -> Panel:
    return Panel(
        _("What may belong to it"),
        [_("What"), _("When"), _("Points"), _("Amount"), _("Time"), _("Words")],
        [
            [
                _link_of(each),
                moment(each.at),
                each.score,
                each.parts["amount"],
                each.parts["time"],
                each.parts["text"],
            ]
            for each in candidates
        ],
    )


def _link_of(candidate: Candidate) -> Any:
    model = GatewayRow if isinstance(candidate.other, GatewayRow) else Transaction
    return anchor(page_of(model, candidate.key), candidate.named or candidate.key)


def label_of(candidate: Candidate, currency: str) -> str:
    """A candidate in one line, with its points."""
    when = timezone.localtime(candidate.at).strftime("%Y-%m-%d %H:%M:%S")
    points = str(_("%(score)s points") % {"score": candidate.score})
    return " · ".join(filter(None, [candidate.named, money(candidate.other.change, currency), when, points]))
