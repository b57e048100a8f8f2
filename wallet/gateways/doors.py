"""Companies that sign nothing tell us of payments at an address only they know. Its secret part is a door of ours."""

import hmac

from wallet.gateways.base import ForgedSignature


def check_door(given: str | None, *, door: str) -> None:
    """Check that a notice came to the door. That proves nothing of what it says. Raises `ForgedSignature`."""
    if not given:
        raise ForgedSignature(reason="missing")
    if not hmac.compare_digest(given.encode(), door.encode()):
        raise ForgedSignature(reason="mismatch")
