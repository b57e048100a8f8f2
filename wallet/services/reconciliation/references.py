"""Which posting a row of a gateway is about, by the references that our own rows carry."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import Model

from wallet.models import Account, PaymentGateway
from wallet.services.gateways import CLEARING


@dataclass(frozen=True)
class Known:
    """Rows of ours that name a posting: a payment by its reference, a payout by its own.

    `sources` are the kinds of gateway rows that it may be about; of a file, which often does not say, any may be.
    """

    model: str
    sources: frozenset[str]
    reference: str = "reference"
    posting: str = "posting_id"
    gateway: str = "gateway"


ANY = "OTHER"
KNOWN = (
    Known("wallet.Payment", frozenset(["CHARGE", ANY])),
    Known("wallet.Payout", frozenset(["TRANSFER", ANY])),
    Known("wallet.SuspendedDeposit", frozenset(["CHARGE", ANY])),
)


def postings_of(
    *, gateways: Collection[str], wanted: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], UUID]:
    """Return the posting of each (source, reference) that one is known for."""
    by_source: dict[str, set[str]] = defaultdict(set)
    for source, reference in wanted:
        if reference:
            by_source[source].add(reference)
    found: dict[tuple[str, str], UUID] = {}
    for source, references in by_source.items():
        for known, model in _models():
            if source not in known.sources:
                continue
            rows: Any = model._default_manager.filter(  # a closed list of ours, never what somebody typed
                **{f"{known.gateway}__in": gateways, f"{known.reference}__in": references}
            )
            for reference, posting in rows.values_list(known.reference, known.posting):
                found.setdefault((source, reference), posting)
    return found


def gateways_of(account: Account) -> list[PaymentGateway]:
    """Return the gateways whose money with us this account stands for."""
    kinds = [kind for kind, code in CLEARING.items() if code == account.code]
    found = PaymentGateway.objects.filter(kind__in=kinds, currencies__contains=[account.currency_id])
    return list(found.order_by("priority", "code"))


def describe(*, posting_ids: Collection[UUID]) -> dict[UUID, tuple[str, str, str]]:
    """Return of each posting that a row of ours names: what sort of row, its reference, its state in words."""
    told = {}
    for known, model in _models():
        rows: Any = model._default_manager.filter(**{f"{known.posting}__in": posting_ids})
        for row in rows:
            label = str(model._meta.verbose_name)
            told[getattr(row, known.posting)] = (
                label,
                getattr(row, known.reference),
                row.get_state_display(),
            )
    return told


def _models() -> list[tuple[Known, type[Model]]]:
    """Those of the list that this wallet has."""
    config = apps.get_app_config("wallet")
    return [
        (known, config.get_model(name))
        for known in KNOWN
        if (name := known.model.partition(".")[2]).lower() in config.models
    ]
