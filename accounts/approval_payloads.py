"""A proposal's payload at rest: secrets sealed, all of it under a keyed hash."""

import hmac
import json

from accounts.approvals import ApprovalAction, Payload, canonical
from accounts.models import Approval
from core import encryption


def freeze(approval: Approval, kind: ApprovalAction, payload: Payload) -> None:
    """Put a payload into a proposal that is about to be written. Raises TypeError for what JSON would change."""
    approval.payload = {
        key: encryption.seal(canonical(value), aad=_place(approval, key)) if key in kind.sealed else value
        for key, value in payload.items()
    }
    approval.payload_hash = _hash(approval, payload)


def thaw(approval: Approval, kind: ApprovalAction) -> Payload | None:
    """Return the payload as it was proposed, None where what is stored is no longer that."""
    try:
        payload = {
            key: json.loads(encryption.open_sealed(value, aad=_place(approval, key)))
            if key in kind.sealed
            else value
            for key, value in approval.payload.items()
        }
        same = hmac.compare_digest(_hash(approval, payload), approval.payload_hash)
    except (encryption.DecryptionFailed, AttributeError, TypeError):
        return None
    return payload if same else None


def shown(approval: Approval, kind: ApprovalAction) -> Payload:
    """Return what anybody who looks at a proposal may read of its payload."""
    return {key: value for key, value in approval.payload.items() if key not in kind.sealed}


def _place(approval: Approval, key: str) -> str:
    return f"accounts_approval.payload.{approval.pk}.{key}"


def _hash(approval: Approval, payload: Payload) -> str:
    """A keyed hash: whoever can write to the database, but not read our keys, cannot make one that fits."""
    frozen = {
        "action": approval.action,
        "target": approval.target,
        "target_version": approval.target_version,
        "amount": approval.amount,
        "approvals_needed": approval.approvals_needed,
        "payload": payload,
    }
    return encryption.blind_index(canonical(frozen), purpose="approval")
