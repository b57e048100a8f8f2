"""A contract's key facts: worked out once, kept with the paper that says them, and shown by screen and paper alike."""

import json
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import get_language

from accounts.models import User
from accounts.services.organizations import name_of
from core.actors import acting_as_service
from credit.agreed_times import cooling_off_until
from credit.key_facts import Agreed, KeyFacts, key_facts, shown
from credit.models import Application, Contract, Share
from credit.terms_data import late_data, late_of, rules_data, rules_of
from credit.titles import loan_number
from wallet import services as wallet
from wallet.models import Account, Document
from wallet.services import documents

DAY = timedelta(days=1)


def agreement_of(*, contract: Contract, user: User, at: datetime) -> Document:
    """Return the paper of a contract, made the first time it is asked for. The caller knows that it is this person's.

    Its hash is the one that is signed. Raises FiguresDiffer.
    """
    with acting_as_service():
        account = Account.objects.get(
            pk=wallet.open_wallet(owner_id=user.pk, currency=contract.application.currency_id)
        )
        kind = Document.Kind.LOAN_AGREEMENT
        found = documents.document_of(kind=kind, subject_id=contract.pk, account=account)
        return found or documents.issue(
            kind=kind,
            subject_id=contract.pk,
            sha256=contract.sha256,
            at=at,
            account=account,
            facts=facts_of(contract, user, at=at),
            language=get_language() or "en",
        )


def facts_of(contract: Contract, user: User, *, at: datetime) -> dict[str, Any]:
    """Return all that a borrower reads before signing, as data. Raises FiguresDiffer."""
    application = contract.application
    signed_at = contract.signed_at or at
    until = contract.cooling_off_until or cooling_off_until(signed_at, contract.cooling_off_days)
    shares = list(contract.shares.select_related("provider", "bid").order_by("pk"))
    agreed, facts = found_of(contract, shares)
    cost = facts.priced.cost
    rows = facts.schedule
    return {
        "number": loan_number(application.pk),
        "sha256": contract.sha256,
        "borrower": name_of(user),
        "currency": application.currency_id,
        "amount": contract.amount,
        "received": contract.received,
        "fees": contract.fees,
        "interest": cost.interest,
        "total_payable": contract.total_payable,
        "rate": str(shown(contract.rate)),
        "apr": str(shown(contract.apr)),
        "on": facts.on.isoformat(),
        "rows": rows,
        "rules": rules_data(agreed.rules),
        "late": late_data(agreed.late),
        "late_example": _late(facts),
        "early_example": _early(facts),
        "conditions": json.loads(contract.terms).get("conditions", []),
        "lenders": [_lender(share) for share in shares],
        "cooling_off": {
            "days": contract.cooling_off_days,
            "signed_on": timezone.localdate(signed_at).isoformat(),
            "last_day": timezone.localdate(until - DAY).isoformat(),
        },
        "drawdown": _drawdown(agreed, at),
        "sign_by": _last_day(application),
        "consents": _consents(application, at),
    }


def found_of(contract: Contract, shares: list[Share]) -> tuple[Agreed, KeyFacts]:
    """Return what was agreed, and the facts that follow: reckoned from the acceptance, or the day of the one offer."""
    days = [timezone.localdate(contract.accepted_at)]
    days += [timezone.localdate(share.bid.made_at) for share in shares[:1]]
    agreed = Agreed(
        amount=contract.amount,
        count=contract.count,
        rate=contract.rate,
        apr=contract.apr,
        fees=contract.fees,
        received=contract.received,
        total_payable=contract.total_payable,
        rules=rules_of(contract.rules),
        late=late_of(contract.late),
        days=tuple(days),
    )
    return agreed, key_facts(agreed)


def _drawdown(agreed: Agreed, at: datetime) -> dict[str, Any] | None:
    """How it is paid out in parts, with the last day if it is signed today; None where it is paid out whole."""
    rule = agreed.rules.drawdown
    if rule.is_whole:
        return None
    return {
        "parts": rule.parts,
        "least": rule.smallest(agreed.amount),
        "days": rule.days,
        "last_day": rule.last_day(timezone.localdate(at)).isoformat(),
    }


def _lender(share: Share) -> dict[str, Any]:
    provider = share.provider
    return {
        "name": provider.display_name,
        "licence": provider.licence_number,
        "email": provider.complaints_email,
        "phone": provider.complaints_phone,
        "amount": share.amount,
        "rate": str(shown(share.rate)),
    }


def _late(facts: KeyFacts) -> dict[str, Any] | None:
    if facts.late is None:
        return None
    example = facts.late
    return {
        "instalment": example.instalment,
        "due": example.due.isoformat(),
        "days": example.days,
        "charge": example.charge,
    }


def _early(facts: KeyFacts) -> dict[str, Any] | None:
    if facts.early is None:
        return None
    example = facts.early
    return {
        "number": example.number,
        "on": example.on.isoformat(),
        "total": example.total,
        "instead": example.instead,
        "saves": example.saves,
    }


def _last_day(application: Application) -> str | None:
    """The last day on which it can be signed."""
    until = application.sign_by
    return timezone.localdate(until - timedelta(microseconds=1)).isoformat() if until else None


def _consents(application: Application, at: datetime) -> list[list[str]]:
    """What was agreed to so far: kind, version of the words, day."""
    given = application.consents.filter(withdrawn_at=None).order_by("given_at", "pk")
    return [
        [row.kind, row.version, timezone.localdate(row.given_at).isoformat()]
        for row in given
        if row.stands(at)
    ]
