"""Codes of authenticator apps (RFC 6238: SHA-1, six digits, 30 seconds), their seeds at rest, how an app gets one."""

import hmac
import io
from datetime import datetime
from urllib.parse import quote, urlencode
from uuid import UUID

import segno
from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, generate_totp_secret, hotp_value

from core import encryption

ISSUER = "Alajo"
_PLACE = "mfa_authenticator.secret."
# Seeds sealed before they were bound to their owner.
_OLD_PLACE = "mfa_authenticator.data"

new_secret = generate_totp_secret


def seal(secret: str, *, user_id: UUID) -> str:
    """Return the seed sealed for this person: in another's row it does not open."""
    return encryption.seal(secret, aad=f"{_PLACE}{user_id}")


def open_sealed(sealed: str, *, user_id: UUID) -> str:
    """Return a seed that `seal` sealed for this person; raises DecryptionFailed."""
    return encryption.open_sealed(sealed, aad=f"{_PLACE}{user_id}")


def secret_of(row: Authenticator) -> str:
    """Return the seed of a factor; raises DecryptionFailed."""
    try:
        return open_sealed(row.data["secret"], user_id=row.user_id)
    except encryption.DecryptionFailed:
        return encryption.open_sealed(row.data["secret"], aad=_OLD_PLACE)


def code_at(secret: str, at: datetime) -> str:
    """Return the code that an app with this seed shows."""
    return str(format_hotp_value(hotp_value(secret, _step(at))))


def step_of(secret: str, code: str, at: datetime) -> int | None:
    """Return the number of the time step that a code belongs to: the present one or a neighbour; else None."""
    given = "".join(code.split()).encode()
    now, found = _step(at), None
    for step in range(now - app_settings.TOTP_TOLERANCE, now + app_settings.TOTP_TOLERANCE + 1):
        if hmac.compare_digest(str(format_hotp_value(hotp_value(secret, step))).encode(), given):
            found = step
    return found


def uri(secret: str, *, email: str, issuer: str = ISSUER) -> str:
    """Return the address by which an app learns the seed."""
    query = urlencode({"secret": secret, "issuer": issuer}, quote_via=quote)
    return f"otpauth://totp/{quote(issuer)}:{quote(email)}?{query}"


def in_groups(secret: str) -> str:
    """Return the seed as people type it over: four signs at a time."""
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))


def svg(address: str) -> str:
    """Return the address as a QR code: one `<svg>` element that a page, or an unescaped data address, can hold."""
    drawn = io.BytesIO()
    segno.make(address, error="m").save(drawn, kind="svg", scale=5, border=2, xmldecl=False, nl=False)
    return drawn.getvalue().decode().replace("#000", "black")


def _step(at: datetime) -> int:
    return int(at.timestamp()) // int(app_settings.TOTP_PERIOD)
