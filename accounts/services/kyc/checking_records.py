"""What checks found: written, sealed, read again, and what follows from it for the application."""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accounts import audit
from accounts.kyc.priority import priority
from accounts.kyc.verification import Finding, Outcome
from accounts.models import IdentityNumber, KycApplication, KycCheck, KycDocument, ScreeningHit
from accounts.services import status_rules
from accounts.services.kyc import screening
from core import encryption
from core.ids import uuid7

_NUMBERS = (KycCheck.Kind.BVN, KycCheck.Kind.NIN)
_LIMIT = 8_000  # letters of sealed facts: what a service says is not ours to trust


def write(
    *,
    application: KycApplication,
    kind: str,
    finding: Finding,
    revision: int,
    at: datetime,
    document: KycDocument | None = None,
    asked: str = "",
) -> KycCheck:
    """Write down what a check found of a revision, and what follows from it.

    `asked` is the blind index of the number that was asked about: a match confirms that number and no other.
    """
    outcome, hits = finding.outcome, finding.hits
    if kind == KycCheck.Kind.SCREENING and outcome == Outcome.HIT:
        hits = screening.not_cleared(customer_id=application.customer_id, hits=hits)
        outcome = Outcome.HIT if hits else Outcome.CLEAR
    key = uuid7()
    check = KycCheck.objects.create(
        pk=key,
        application=application,
        document=document,
        kind=kind,
        source=finding.source[:40],
        reference=finding.reference[:100],
        outcome=outcome,
        score=finding.score,
        facts=encryption.seal(_json(finding.facts), aad=_place(key)) if finding.facts else "",
        revision=revision,
        at=at,
    )
    if outcome == Outcome.MATCH and kind in _NUMBERS:
        _confirm_number(application, check, asked, at)
    screening.keep(customer_id=application.customer_id, check=check, hits=hits, at=at)
    set_priority(application=application, at=at)
    return check


def latest_of_each(application: KycApplication) -> list[KycCheck]:
    """Return the checks that count, one for each kind, and of documents one for each that still counts."""
    rows = KycCheck.objects.filter(application=application).exclude(
        document__state__in=["REPLACED", "DELETED"]
    )
    newest = rows.order_by("kind", "document_id", "-id").distinct("kind", "document_id")
    return list(newest.select_related("document"))


def facts_of(check: KycCheck) -> dict[str, Any]:
    """Return what the service said. Raises core.encryption.DecryptionFailed."""
    if not check.facts:
        return {}
    found: dict[str, Any] = json.loads(encryption.open_sealed(check.facts, aad=_place(check.pk)))
    return found


def set_priority(*, application: KycApplication, at: datetime) -> None:
    """Give an open application its place in the queue; what its customer changed meanwhile stays as it is."""
    checks = latest_of_each(application)
    reasons = Counter(str(facts_of(check).get("reason", "")) for check in checks)
    hits = ScreeningHit.objects.standing().filter(customer_id=application.customer_id)
    joined = application.customer.user.created_at
    points = priority(
        target_tier=application.target_tier,
        days_old=(at - joined).days,
        outcomes=[check.outcome for check in checks],
        reasons=reasons,
        exact_hit=any(hit.is_exact for hit in hits),
    )
    rows = KycApplication.objects.open().filter(pk=application.pk).exclude(priority=points)
    rows.update(priority=points)


def _confirm_number(application: KycApplication, check: KycCheck, asked: str, at: datetime) -> None:
    """Note that a number is its holder's, if it is still the one that was asked about, and lift what waited for it."""
    held = IdentityNumber.objects.filter(
        customer_id=application.customer_id,
        kind=check.kind,
        blind_index=asked,
        released_at=None,
        verified_at=None,
    )
    for number in held.select_for_update():
        number.verified_at = at
        number.save(update_fields=["verified_at"])
        audit.record(action="kyc.number.verified", target=number, source=check.source, check=str(check.pk))
    status_rules.lift_identity_missing(customer_id=application.customer_id, at=at)


def _json(facts: Mapping[str, Any]) -> str:
    text = json.dumps(facts, ensure_ascii=True, default=str)
    return text if len(text) <= _LIMIT else json.dumps({"reason": facts.get("reason", "too_long")})


def _place(key: Any) -> str:
    return f"accounts_kyccheck.facts.{key}"
