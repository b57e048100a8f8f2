"""Which posting a row of a gateway is about, by the references that our own rows carry."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from django.apps import apps
from django.db.models import F, Model
from django.db.models.functions import Coalesce

from wallet.models import Account, PaymentGateway
from wallet.services.gateways import CLEARING


@dataclass(frozen=True)
class Known:
    """Rows of ours that name a posting: a payment, a payout; by our reference, and by the gateway's own id of it.

    `sources` are the kinds of gateway rows that it may be about; of a file, which often does not say, any may be. An id
    counts within a source only.
    """

    model: str
    sources: frozenset[str]
    theirs: str = ""
    reference: str = "reference"
    posting: str = "posting_id"
    # Where it may have two: the one that it has when it has not got the first.
    rest: str = ""
    gateway: str = "gateway"

    @property
    def key(self) -> Any:
        return Coalesce(self.posting, self.rest) if self.rest else F(self.posting)


ANY = "OTHER"
KNOWN = (
    Known("wallet.Payment", frozenset(["CHARGE", ANY]), theirs="gateway_charge"),
    Known("wallet.Payout", frozenset(["TRANSFER", ANY]), theirs="gateway_transfer"),
    Known("wallet.Refund", frozenset(["REFUND"]), theirs="gateway_refund", rest="rest_posting_id"),
    Known("wallet.Dispute", frozenset(["DISPUTE"]), theirs="gateway_dispute", rest="rest_posting_id"),
    Known(
        "wallet.BankSettlement",
        frozenset(["SETTLEMENT", ANY]),
        theirs="gateway_settlement",
        reference="gateway_settlement",
    ),
    Known("wallet.SuspendedDeposit", frozenset(["CHARGE", ANY])),
)


class Named(NamedTuple):
    """What a row says of what moved it."""

    source: str
    source_id: str
    reference: str


def postings_of(*, gateways: Collection[str], wanted: Iterable[Named]) -> dict[Named, UUID]:
    """Return the posting of each for which one is known, by our reference where there is one."""
    found: dict[Named, UUID] = {}
    asked = set(wanted)
    for known, model in _models():
        those = [each for each in asked if each.source in known.sources and each not in found]
        rows: Any = model._default_manager.filter(**{f"{known.gateway}__in": gateways})
        named = {each.reference for each in those} - {""}
        found_by = rows.filter(**{f"{known.reference}__in": named})
        by_reference = dict(found_by.values_list(known.reference, known.key))
        by_id: dict[str, UUID] = {}
        if known.theirs:
            ids = {each.source_id for each in those if not each.reference and each.source != ANY} - {""}
            by_id = dict(rows.filter(**{f"{known.theirs}__in": ids}).values_list(known.theirs, known.key))
        for each in those:
            posting = by_reference.get(each.reference) if each.reference else by_id.get(each.source_id)
            if posting:
                found[each] = posting
    return found


def gateways_of(account: Account) -> list[PaymentGateway]:
    """Return the gateways whose money with us this account stands for: none that a merchant brought."""
    kinds = [kind for kind, code in CLEARING.items() if code == account.code]
    found = PaymentGateway.objects.filter(kind__in=kinds, currencies__contains=[account.currency_id])
    ours = found.exclude(code__startswith=PaymentGateway.BROUGHT)
    return list(ours.order_by("priority", "code"))


def describe(*, posting_ids: Collection[UUID]) -> dict[UUID, tuple[str, str, str]]:
    """Return of each posting that a row of ours names: what sort of row, its reference, its state in words."""
    told = {}
    for known, model in _models():
        rows: Any = model._default_manager.annotate(told=known.key).filter(told__in=posting_ids)
        for row in rows:
            label = str(model._meta.verbose_name)
            told[row.told] = (label, getattr(row, known.reference), row.get_state_display())
    return told


def _models() -> list[tuple[Known, type[Model]]]:
    """Those of the list that this wallet has."""
    config = apps.get_app_config("wallet")
    return [
        (known, config.get_model(name))
        for known in KNOWN
        if (name := known.model.partition(".")[2]).lower() in config.models
    ]
