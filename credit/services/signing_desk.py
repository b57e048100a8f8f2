"""What a lender has to sign: the list of it, and one agreement with what the bureaux answered. Each look is noted."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.models import User
from core.actors import acting_as_service
from credit import bureaux
from credit.bureaux import Report
from credit.models import BureauReport, Contract, FileView, Provider, Share, Signature
from credit.refusals import ProviderNotFound
from credit.services.agreement_papers import agreement_of
from credit.services.agreements import lender_of
from credit.services.searching import report_in
from credit.states import State
from credit.terms_hash import Side
from wallet.models import Document

LONGEST = 200
LOOKED_AT = ["agreement", "hard_search"]


@dataclass(frozen=True)
class ToSign:
    """A lender's share of a contract, and how far its signing is."""

    share: Share
    borrower_signed: bool
    signed: bool

    @property
    def is_ready(self) -> bool:
        return self.borrower_signed and not self.signed


@dataclass(frozen=True)
class Answer:
    """What one bureau answered to the full search."""

    bureau: str
    report: Report
    at: datetime
    is_disputed: bool


@dataclass(frozen=True)
class Desk:
    """All that a lender sees of one agreement; `waits` as long as it may still sign or refuse."""

    contract: Contract
    share: Share
    document: Document
    answers: list[Answer]
    borrower_signed: bool
    signed: bool
    waits: bool
    watermark: str


def to_sign(*, provider: Provider) -> list[ToSign]:
    """Return what waits for signatures, what this lender can sign first, then what lapses first."""
    with acting_as_service():
        shares = Share.objects.filter(
            provider=provider, contract__ended_at=None, contract__application__state=State.ACCEPTED
        ).select_related("contract__application")
        ordered = list(shares.order_by("contract__application__sign_by", "pk")[:LONGEST])
        signed = Signature.objects.filter(contract__in=[share.contract_id for share in ordered])
        by_contract = {(row.contract_id, row.party_id) for row in signed}
    found = [
        ToSign(
            share=share,
            borrower_signed=(share.contract_id, share.contract.application.user_id) in by_contract,
            signed=(share.contract_id, provider.pk) in by_contract,
        )
        for share in ordered
    ]
    return sorted(found, key=lambda one: not one.is_ready)


def look_at(*, contract_id: UUID, provider: Provider, by: User | None, at: datetime) -> Desk:
    """Return an agreement for one who manages a lender that carries a share of it, and note that they looked.

    `by` None is the lender's own program.     Raises ProviderNotFound, FiguresDiffer.
    """
    with acting_as_service():
        contract = (
            Contract.objects.select_related("application__user__profile").filter(pk=contract_id).first()
        )
        if contract is None:
            raise ProviderNotFound
        lender_of(contract, provider_id=provider.pk, by=by)
        application = contract.application
        share = Share.objects.get(contract=contract, provider=provider)
        signed = set(Signature.objects.filter(contract=contract).values_list("side", "party_id"))
        borrower_signed = (Side.BORROWER, application.user_id) in signed
        waits = contract.ended_at is None and application.state == State.ACCEPTED
        looks = by.pk if by else provider.organization_id
        watermark = f"{provider.pk.hex[-8:]}-{looks.hex[-8:]}-{at:%y%m%d%H%M%S}"
        FileView.objects.create(
            application=application,
            provider=provider,
            fields=LOOKED_AT,
            watermark=watermark,
            by_id=by.pk if by else None,
        )
        return Desk(
            contract=contract,
            share=share,
            document=agreement_of(contract=contract, user=application.user, at=at),
            answers=_answers(contract) if waits and borrower_signed else [],
            borrower_signed=borrower_signed,
            signed=(Side.PROVIDER, provider.pk) in signed,
            waits=waits,
            watermark=watermark,
        )


def _answers(contract: Contract) -> list[Answer]:
    """The newest answer of each bureau since the offer was accepted."""
    rows = BureauReport.objects.filter(
        application_id=contract.application_id,
        kind=BureauReport.Kind.HARD,
        state=BureauReport.State.ANSWERED,
        asked_at__gte=contract.accepted_at,
    )
    newest = {row.bureau: row for row in rows.order_by("asked_at", "pk")}
    return [
        Answer(bureaux.name_of(row.bureau), report_in(row), row.asked_at, row.disputed_at is not None)
        for row in newest.values()
    ]
