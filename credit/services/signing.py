"""Signing what was accepted: each party the same text, in its own name, once. With the last one it is signed."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import partial
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core.actors import acting_as_service
from core.errors import DomainError
from credit import contract_tasks, lender_events
from credit.agreed_times import cooling_off_until
from credit.models import Application, BureauReport, Consent, Contract, Disbursement, Provider, Signature
from credit.notices.agreeing import tell_borrower, tell_lenders
from credit.refusals import ProviderNotActive
from credit.services import consenting
from credit.services.agreements import lender_of, lock_contract, signed_by, still_to_sign
from credit.services.searching import GOOD_FOR
from credit.services.steps import step
from credit.signatures import refuse_unsigned_text
from credit.states import Actor, Event, Guard, State, StateRefused
from credit.terms_data import rules_of
from credit.terms_hash import Side, TermsChanged

SEARCH = Consent.Kind.HARD_SEARCH


class SigningOver(DomainError):
    code = "credit_signing_over"
    kind = "conflict"
    message = _("The time to sign this agreement is over.")


class NotAgreedToSearch(DomainError):
    code = "credit_hard_search_not_agreed"
    message = _("The lender needs a full search at the credit bureaux. Agree to it, or let the offer lapse.")


class BorrowerSignsFirst(DomainError):
    code = "credit_borrower_signs_first"
    kind = "conflict"
    message = _("The borrower has not signed yet. You are told when they have.")


class SearchWaits(DomainError):
    """No bureau has answered the full search yet: a lender cannot make its last check."""

    code = "credit_search_waits"
    kind = "conflict"
    message = _("The credit bureaux have not answered the full search yet. Try again a little later.")


def sign(
    *, application_id: UUID, user: User, sha256: str, at: datetime, seen: Mapping[str, str] | None = None
) -> Contract:
    """Sign as the borrower what has this hash; signed again, it stays as it was the first time.

    `seen` are consents given with it, by kind the hash of their words. `at` is the database's clock. Raises
    ApplicationNotFound, StateRefused, SigningOver, TermsChanged, ConsentTextChanged, NotAgreedToSearch.
    """
    with acting_as_service(), transaction.atomic():
        application, contract = lock_contract(application_id, user_id=user.pk)
        if Signature.objects.filter(contract=contract, side=Side.BORROWER, sha256=sha256).exists():
            return contract
        _check_open(application, contract, sha256, Side.BORROWER, at)
        if seen:
            consenting.give(application_id=application.pk, user=user, seen=seen, at=at)
        if not agreed_to_search(application, at):
            raise NotAgreedToSearch
        _write(contract, Side.BORROWER, party_id=user.pk, by_id=user.pk, at=at)
        if not _complete(application, contract, who=Actor.BORROWER, at=at):
            tell_lenders(contract, "loan.to_sign")
            lender_events.to_sign(contract)
            search = partial(contract_tasks.search_fully.delay, application_id=str(application.pk))
            transaction.on_commit(search, robust=True)
        return contract


def provider_sign(
    *, application_id: UUID, provider_id: UUID, by: User | None, sha256: str, at: datetime
) -> Contract:
    """Sign for a lender, by one who manages it or (`by` None) its own program; again, it stays as it was.

    `at` is the database's clock. Raises ApplicationNotFound, ProviderNotFound, ProviderNotActive, StateRefused,
    SigningOver, TermsChanged, BorrowerSignsFirst, SearchWaits.
    """
    with acting_as_service(), transaction.atomic():
        application, contract = lock_contract(application_id)
        provider = lender_of(contract, provider_id=provider_id, by=by)
        if Signature.objects.filter(contract=contract, party_id=provider.pk, sha256=sha256).exists():
            return contract
        _check_open(application, contract, sha256, Side.PROVIDER, at)
        _check_lender(contract, provider, at)
        _write(contract, Side.PROVIDER, party_id=provider.pk, by_id=by.pk if by else None, at=at)
        _complete(application, contract, who=Actor.PROVIDER, at=at)
        return contract


def agreed_to_search(application: Application, at: datetime) -> bool:
    """Whether a consent to a hard search stands."""
    given = Consent.objects.filter(application=application, kind=SEARCH, withdrawn_at=None)
    return any(consent.stands(at) for consent in given)


def is_searched(contract: Contract) -> bool:
    """Whether a bureau has answered a hard search, for this offer or so shortly before that it is not asked again."""
    reports = BureauReport.objects.filter(
        application_id=contract.application_id,
        kind=BureauReport.Kind.HARD,
        state=BureauReport.State.ANSWERED,
        asked_at__gt=contract.accepted_at - GOOD_FOR,
    )
    return reports.exists()


def _check_open(application: Application, contract: Contract, sha256: str, side: Side, at: datetime) -> None:
    if application.state != State.ACCEPTED:
        raise StateRefused(state=application.state, event=str(Event.SIGN))
    if application.sign_by is not None and at >= application.sign_by:
        raise SigningOver
    if sha256 != contract.sha256:
        raise TermsChanged(side=str(side))


def _check_lender(contract: Contract, provider: Provider, at: datetime) -> None:
    if not Provider.objects.lending(timezone.localdate(at)).filter(pk=provider.pk).exists():
        raise ProviderNotActive
    if still_to_sign(contract)[Side.BORROWER]:
        raise BorrowerSignsFirst
    if not is_searched(contract):
        raise SearchWaits


def _write(contract: Contract, side: Side, *, party_id: UUID, by_id: UUID | None, at: datetime) -> None:
    Signature.objects.create(
        contract=contract, side=side, party_id=party_id, by_id=by_id, sha256=contract.sha256, made_at=at
    )
    audit.record(
        action="credit.contract.signed",
        target=contract,
        side=str(side),
        party=str(party_id),
        sha256=contract.sha256,
    )


def _complete(application: Application, contract: Contract, *, who: Actor, at: datetime) -> bool:
    """Where everybody has signed, it is signed: each share is to be paid out at once, or as it is asked for."""
    if any(still_to_sign(contract).values()):
        return False
    refuse_unsigned_text(contract.terms, signed_by(contract))
    step(application, Event.SIGN, who=who, at=at, holding={Guard.SAME_TERMS, Guard.BOTH_SIGNED})
    contract.signed_at = at
    contract.cooling_off_until = cooling_off_until(at, contract.cooling_off_days)
    contract.draw_until = draw_until(contract, timezone.localdate(at))
    contract.save(update_fields=["signed_at", "cooling_off_until", "draw_until"])
    shares = contract.shares.order_by("pk")
    if contract.draw_until is not None:
        Disbursement.objects.bulk_create(
            Disbursement(share=share, state=Disbursement.State.OPEN, made_at=at) for share in shares
        )
        tell_borrower(application, "loan.ready")
        return True
    Disbursement.objects.bulk_create(
        Disbursement(share=share, next_try_at=at, made_at=at) for share in shares
    )
    tell_borrower(application, "loan.signed")
    pay = partial(contract_tasks.disburse_loan.delay, application_id=str(application.pk))
    transaction.on_commit(pay, robust=True)
    return True


def draw_until(contract: Contract, signed_on: date) -> date | None:
    """Return the last day on which parts of it may be asked for; None where it is paid out whole."""
    rule = rules_of(contract.rules).drawdown
    return None if rule.is_whole else rule.last_day(signed_on)
